package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Gelu;
import dev.tandem.engine.kernel.GeluForm;

/// `gelu.cu`: bound by bytes, 8 for each element forward and 12 backward.
final class CudaGelu implements Gelu {
    private static final String SOURCE = "gelu.cu";

    private final TypedKernel<Forward> erfForward;
    private final TypedKernel<Forward> tanhForward;
    private final TypedKernel<Backward> erfBackward;
    private final TypedKernel<Backward> tanhBackward;

    record Forward(Tensor y, Tensor x, long count) {}

    record Backward(Tensor dx, Tensor dy, Tensor x, long count) {}

    CudaGelu(CudaQueue queue) {
        erfForward = TypedKernel.of(queue, SOURCE, "gelu_erf_forward", Forward.class);
        tanhForward = TypedKernel.of(queue, SOURCE, "gelu_tanh_forward", Forward.class);
        erfBackward = TypedKernel.of(queue, SOURCE, "gelu_erf_backward", Backward.class);
        tanhBackward = TypedKernel.of(queue, SOURCE, "gelu_tanh_backward", Backward.class);
    }

    @Override
    public void forward(Tensor y, Tensor x, GeluForm form) {
        long count = y.shape().elements();
        TypedKernel<Forward> kernel = switch (form) {
            case ERF -> erfForward;
            case TANH -> tanhForward;
        };
        kernel.of(x).launch(Grid.coveringFours(count), new Forward(y, x, count));
    }

    @Override
    public void backward(Tensor dx, Tensor dy, Tensor x, GeluForm form) {
        long count = dx.shape().elements();
        TypedKernel<Backward> kernel = switch (form) {
            case ERF -> erfBackward;
            case TANH -> tanhBackward;
        };
        kernel.of(x).launch(Grid.coveringFours(count), new Backward(dx, dy, x, count));
    }
}
