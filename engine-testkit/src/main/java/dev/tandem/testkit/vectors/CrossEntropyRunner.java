package dev.tandem.testkit.vectors;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.CrossEntropy;
import java.util.Arrays;
import java.util.List;

/// Kind `cross_entropy`. Targets that do not count become −1.
final class CrossEntropyRunner implements VectorRunner {
    @Override
    public String kind() {
        return "cross_entropy";
    }

    @Override
    public List<Comparison> run(VectorFile file, Backend backend) {
        var comparisons = new Comparisons(file, backend);
        CrossEntropy kernel = backend.kernels().crossEntropy();
        try (Region region = backend.region("cross_entropy")) {
            var operands = new Operands(file, backend, region);
            Tensor logits = operands.floats("in.logits");
            int ignore = file.integer("ignore");
            int[] scored = Arrays.stream(file.tensor("in.targets").integers())
                    .map(target -> target == ignore ? -1 : target)
                    .toArray();
            Tensor targets = operands.integers("in.targets", scored, scored.length);
            Tensor total = operands.empty(1);
            Tensor loss = operands.empty(scored.length);
            Tensor logSumExp = operands.empty(scored.length);
            kernel.forward(total, loss, logSumExp, logits, targets);
            double[] sum = comparisons.values(total);
            comparisons.floats("out.sum", sum);
            comparisons.floats("out.mean", sum[0] / file.integer("count"));

            Tensor dLogits = operands.zerosLike(logits);
            kernel.backward(dLogits, logSumExp, logits, targets, (float) file.scalar("in.grad_y"));
            comparisons.floats("out.grad_logits", dLogits);
        }
        return comparisons.list();
    }
}
