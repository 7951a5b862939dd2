package dev.tandem.cuda;

import static dev.tandem.testkit.contract.Tolerance.reduction;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.CrossEntropy;
import dev.tandem.testkit.contract.CrossEntropyContract;
import dev.tandem.testkit.contract.Trial;
import dev.tandem.testkit.contract.Workbench;
import java.util.ArrayList;
import java.util.List;

final class CudaCrossEntropyTest extends CrossEntropyContract {
    @Override
    protected Backend open() {
        return ShimBackend.open();
    }

    @Override
    protected Backend open(int threads) {
        return ShimBackend.open(threads);
    }

    @Override
    protected List<Trial> trials() {
        List<Trial> trials = new ArrayList<>(super.trials());
        trials.add(Trial.of("a vocabulary that begins with -infinity", CudaCrossEntropyTest::masked));
        trials.add(Trial.of("more tokens than threads of a block", CudaCrossEntropyTest::many));
        return trials;
    }

    private static void many(Workbench on) {
        int N = 1300;
        int V = 3;
        Tensor logits = on.input("logits", ElementType.F32, Role.ACTIVATION, 1, N, V);
        Tensor targets =
                on.integers("targets", on.random("targets").ints(N, 0, V).toArray(), N);
        // few roundings of each loss; the sum is F64
        Tensor total = on.statistic("total", reduction(V), 1);
        Tensor loss = on.statistic("loss", reduction(V), N);
        Tensor logSumExp = on.statistic("logSumExp", reduction(V), N);
        on.kernels().crossEntropy().forward(total, loss, logSumExp, logits, targets);
    }

    /// Every thread of the block meets nothing else at first.
    private static void masked(Workbench on) {
        int N = 3;
        int V = 2600;
        int first = 2500;
        float[] values = new float[N * V];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % V < first
                    ? Float.NEGATIVE_INFINITY
                    : (float) on.random("logits " + i).nextGaussian();
        }
        Tensor logits = on.input("logits", ElementType.F32, Role.ACTIVATION, values, N, V);
        Tensor targets = on.integers("targets", new int[] {first, V - 1, -1}, N);
        Tensor total = on.statistic("total", reduction(V), 1);
        Tensor loss = on.statistic("loss", reduction(V), N);
        Tensor logSumExp = on.statistic("logSumExp", reduction(V), N);
        Tensor dLogits = on.result("dLogits", reduction(V), N, V);
        CrossEntropy kernel = on.kernels().crossEntropy();
        kernel.forward(total, loss, logSumExp, logits, targets);
        kernel.backward(dLogits, logSumExp, logits, targets, 0.5f);
    }
}
