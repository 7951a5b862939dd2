package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Gelu;
import dev.tandem.engine.kernel.GeluForm;

/// `gelu.cu`: bound by bytes, 8 for each element forward and 12 backward.
final class CudaGelu implements Gelu {
    private static final String SOURCE = "gelu.cu";

    private final CudaKernel<Forward> erfForward;
    private final CudaKernel<Forward> tanhForward;
    private final CudaKernel<Backward> erfBackward;
    private final CudaKernel<Backward> tanhBackward;

    record Forward(Tensor y, Tensor x, long count) {}

    record Backward(Tensor dx, Tensor dy, Tensor x, long count) {}

    CudaGelu(CudaQueue queue) {
        erfForward = queue.kernel(SOURCE, "gelu_erf_forward", Forward.class);
        tanhForward = queue.kernel(SOURCE, "gelu_tanh_forward", Forward.class);
        erfBackward = queue.kernel(SOURCE, "gelu_erf_backward", Backward.class);
        tanhBackward = queue.kernel(SOURCE, "gelu_tanh_backward", Backward.class);
    }

    @Override
    public void forward(Tensor y, Tensor x, GeluForm form) {
        long count = y.shape().elements();
        CudaKernel<Forward> kernel = switch (form) {
            case ERF -> erfForward;
            case TANH -> tanhForward;
        };
        kernel.launch(Grid.coveringFours(count), new Forward(y, x, count));
    }

    @Override
    public void backward(Tensor dx, Tensor dy, Tensor x, GeluForm form) {
        long count = dx.shape().elements();
        CudaKernel<Backward> kernel = switch (form) {
            case ERF -> erfBackward;
            case TANH -> tanhBackward;
        };
        kernel.launch(Grid.coveringFours(count), new Backward(dx, dy, x, count));
    }
}
