package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.CrossEntropy;

final class ReferenceCrossEntropy implements CrossEntropy {
    @Override
    public void forward(
            Tensor totalTensor, Tensor lossTensor, Tensor logSumExpTensor, Tensor logitsTensor, Tensor targetsTensor) {
        Values loss = Values.of(lossTensor);
        Values logSumExp = Values.of(logSumExpTensor);
        Values logits = Values.of(logitsTensor);
        Integers targets = Integers.of(targetsTensor);
        int V = logitsTensor.shape().last();
        verify(targets, V);
        double total = 0;
        for (int n = 0; n < targets.size(); n++) {
            double largest = largest(logits, n, V);
            double sum = sum(logits, n, V, largest);
            logSumExp.set(n, largest + Math.log(sum));
            int target = targets.get(n);
            // around the largest, so that a common offset costs no digits
            loss.set(n, target < 0 ? 0 : Math.log(sum) - (logits.get(n * V + target) - largest));
            total += loss.get(n);
        }
        Values.of(totalTensor).set(0, total);
    }

    @Override
    public void backward(
            Tensor dLogitsTensor, Tensor logSumExpTensor, Tensor logitsTensor, Tensor targetsTensor, float scale) {
        Values dLogits = Values.of(dLogitsTensor);
        Values logits = Values.of(logitsTensor);
        Integers targets = Integers.of(targetsTensor);
        int V = logitsTensor.shape().last();
        verify(targets, V);
        for (int n = 0; n < targets.size(); n++) {
            int target = targets.get(n);
            double largest = largest(logits, n, V);
            double sum = sum(logits, n, V, largest);
            for (int v = 0; v < V; v++) {
                double probability = Math.exp(logits.get(n * V + v) - largest) / sum;
                dLogits.set(n * V + v, target < 0 ? 0 : scale * (probability - (v == target ? 1 : 0)));
            }
        }
    }

    private static double largest(Values logits, int n, int V) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int v = 0; v < V; v++) {
            largest = Math.max(largest, logits.get(n * V + v));
        }
        return largest;
    }

    private static double sum(Values logits, int n, int V, double largest) {
        double sum = 0;
        for (int v = 0; v < V; v++) {
            sum += Math.exp(logits.get(n * V + v) - largest);
        }
        return sum;
    }

    private static void verify(Integers targets, int V) {
        for (int n = 0; n < targets.size(); n++) {
            targets.verified(n, -1, V - 1, "CrossEntropy: targets");
        }
    }
}
