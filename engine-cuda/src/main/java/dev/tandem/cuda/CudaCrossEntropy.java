package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.CrossEntropy;

/// `cross_entropy.cu`: bound by bytes, 4·N·V forward and 8·N·V backward.
final class CudaCrossEntropy implements CrossEntropy {
    private static final String SOURCE = "cross_entropy.cu";
    private static final int WARP = 32;
    private static final int MOST_THREADS = 512;
    private static final int LOGITS_OF_A_THREAD = 16;

    private final CudaQueue queue;
    private final CudaKernel<Forward> forward;
    private final CudaKernel<Total> total;
    private final TypedKernel<Backward> backward;

    record Forward(Tensor loss, Tensor logSumExp, Tensor logits, Tensor targets, DeviceAddress complaint, int V) {}

    record Total(Tensor total, Tensor loss, int N) {}

    record Backward(
            Tensor dLogits,
            Tensor logSumExp,
            Tensor logits,
            Tensor targets,
            DeviceAddress complaint,
            int V,
            float scale) {}

    CudaCrossEntropy(CudaQueue queue) {
        this.queue = queue;
        forward = queue.kernel(SOURCE, "cross_entropy_forward", Forward.class);
        total = queue.kernel(SOURCE, "cross_entropy_total", Total.class);
        backward = TypedKernel.of(queue, SOURCE, "cross_entropy_backward", Backward.class);
    }

    @Override
    public void forward(Tensor total, Tensor loss, Tensor logSumExp, Tensor logits, Tensor targets) {
        int N = Math.toIntExact(logits.shape().rows());
        int V = logits.shape().last();
        forward.launch(Grid.of(N, threads(V)), new Forward(loss, logSumExp, logits, targets, queue.complaint(), V));
        this.total.launch(Grid.of(1, MOST_THREADS), new Total(total, loss, N));
    }

    @Override
    public void backward(Tensor dLogits, Tensor logSumExp, Tensor logits, Tensor targets, float scale) {
        int N = Math.toIntExact(logits.shape().rows());
        int V = logits.shape().last();
        backward.of(dLogits)
                .launch(
                        Grid.of(N, threads(V)),
                        new Backward(dLogits, logSumExp, logits, targets, queue.complaint(), V, scale));
    }

    /// Threads for a row: enough loads in flight for a long one, no idle warps for a short one.
    private static int threads(int V) {
        return Math.min(MOST_THREADS, Math.ceilDiv(V, WARP * LOGITS_OF_A_THREAD) * WARP);
    }
}
