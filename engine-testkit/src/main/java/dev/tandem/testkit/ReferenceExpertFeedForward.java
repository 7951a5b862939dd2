package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertFeedForward;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

final class ReferenceExpertFeedForward implements ExpertFeedForward {
    @Override
    public void forward(
            Tensor expertYTensor,
            Optional<Tensor> preActivationTensor,
            Tensor xTensor,
            FeedForwardWeights weights,
            ExpertRows rows,
            int K,
            GeluForm form) {
        Values expertY = Values.of(expertYTensor);
        Optional<Values> preActivation = preActivationTensor.map(Values::of);
        Values x = Values.of(xTensor);
        Layers layers = Layers.of(weights);
        OwnedRows owned = verified(rows, xTensor, K);
        double[] pre = new double[layers.F];
        for (int e = 0; e < owned.E(); e++) {
            for (int r = owned.start(e); r < owned.start(e) + owned.count(e); r++) {
                int n = owned.token(r, x.size() / layers.C, K);
                for (int f = 0; f < layers.F; f++) {
                    double sum = layers.upBias.get(e * layers.F + f);
                    for (int c = 0; c < layers.C; c++) {
                        sum += x.get(n * layers.C + c) * layers.up(e, f, c);
                    }
                    pre[f] = sum;
                    if (preActivation.isPresent()) {
                        preActivation.get().set(r * layers.F + f, sum);
                    }
                }
                for (int c = 0; c < layers.C; c++) {
                    double sum = layers.downBias.get(e * layers.C + c);
                    for (int f = 0; f < layers.F; f++) {
                        sum += ReferenceGelu.value(pre[f], form) * layers.down(e, c, f);
                    }
                    expertY.set(r * layers.C + c, sum);
                }
            }
        }
    }

    @Override
    public void backward(
            Tensor dExpertXTensor,
            FeedForwardWeights dWeights,
            Tensor dExpertYTensor,
            Tensor preActivationTensor,
            Tensor xTensor,
            FeedForwardWeights weights,
            ExpertRows rows,
            int K,
            GeluForm form) {
        Values dExpertX = Values.of(dExpertXTensor);
        Values dExpertY = Values.of(dExpertYTensor);
        Values preActivation = Values.of(preActivationTensor);
        Values x = Values.of(xTensor);
        Layers layers = Layers.of(weights);
        Layers gradients = Layers.of(dWeights);
        OwnedRows owned = verified(rows, xTensor, K);
        for (int e = 0; e < owned.E(); e++) {
            for (int r = owned.start(e); r < owned.start(e) + owned.count(e); r++) {
                int n = owned.token(r, x.size() / layers.C, K);
                double[] dPre = throughDown(e, r, layers, gradients, dExpertY, preActivation, form);
                for (int c = 0; c < layers.C; c++) {
                    double sum = 0;
                    for (int f = 0; f < layers.F; f++) {
                        sum += dPre[f] * layers.up(e, f, c);
                        gradients.up.add((e * layers.F + f) * layers.C + c, dPre[f] * x.get(n * layers.C + c));
                    }
                    dExpertX.set(r * layers.C + c, sum);
                }
                for (int f = 0; f < layers.F; f++) {
                    gradients.upBias.add(e * layers.F + f, dPre[f]);
                }
            }
        }
    }

    /// Back through the second layer and the activation of one row: the gradient of its
    /// pre-activation.
    private static double[] throughDown(
            int e, int r, Layers layers, Layers gradients, Values dExpertY, Values preActivation, GeluForm form) {
        double[] dPre = new double[layers.F];
        for (int f = 0; f < layers.F; f++) {
            double pre = preActivation.get(r * layers.F + f);
            double hidden = ReferenceGelu.value(pre, form);
            double sum = 0;
            for (int c = 0; c < layers.C; c++) {
                double dy = dExpertY.get(r * layers.C + c);
                sum += dy * layers.down(e, c, f);
                gradients.down.add((e * layers.C + c) * layers.F + f, dy * hidden);
            }
            dPre[f] = sum * ReferenceGelu.slope(pre, form);
        }
        for (int c = 0; c < layers.C; c++) {
            gradients.downBias.add(e * layers.C + c, dExpertY.get(r * layers.C + c));
        }
        return dPre;
    }

    private static OwnedRows verified(ExpertRows rows, Tensor x, int K) {
        OwnedRows owned = OwnedRows.of(rows);
        int N = Math.toIntExact(x.shape().rows());
        for (int e = 0; e < owned.E(); e++) {
            for (int r = owned.start(e); r < owned.start(e) + owned.count(e); r++) {
                owned.token(r, N, K);
            }
        }
        return owned;
    }

    private record Layers(Values up, Values upBias, Values down, Values downBias, int F, int C) {
        static Layers of(FeedForwardWeights weights) {
            return new Layers(
                    Values.of(weights.up()),
                    Values.of(weights.upBias()),
                    Values.of(weights.down()),
                    Values.of(weights.downBias()),
                    weights.up().shape().extent(1),
                    weights.up().shape().extent(2));
        }

        double up(int e, int f, int c) {
            return up.get((e * F + f) * C + c);
        }

        double down(int e, int c, int f) {
            return down.get((e * C + c) * F + f);
        }
    }
}
