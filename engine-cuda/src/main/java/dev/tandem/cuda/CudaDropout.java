package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Dropout;

/// `dropout.cu`: bound by bytes, 8 for each element; Philox is drawn again rather than stored.
final class CudaDropout implements Dropout {
    private final TypedKernel<Forward> forward;

    record Forward(Tensor y, Tensor x, long count, long seed, long stream, float probability, float scale) {}

    CudaDropout(CudaQueue queue) {
        forward = TypedKernel.of(queue, "dropout.cu", "dropout_forward", Forward.class);
    }

    @Override
    public void forward(Tensor y, Tensor x, float probability, long seed, long stream) {
        long count = y.shape().elements();
        float scale = (float) (1 / (1 - (double) probability));
        forward.of(y).launch(Grid.coveringFours(count), new Forward(y, x, count, seed, stream, probability, scale));
    }
}
