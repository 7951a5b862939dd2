package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Add;

/// `add.cu`: bound by bytes, 12 for each element.
final class CudaAdd implements Add {
    private static final int THREADS = 256;

    private final TypedKernel<Forward> forward;

    record Forward(Tensor y, Tensor a, Tensor b, long count) {}

    CudaAdd(CudaQueue queue) {
        forward = TypedKernel.of(queue, "add.cu", "add_forward", Forward.class);
    }

    @Override
    public void forward(Tensor y, Tensor a, Tensor b) {
        long count = y.shape().elements();
        forward.of(y).launch(Grid.covering(count, THREADS), new Forward(y, a, b, count));
    }
}
