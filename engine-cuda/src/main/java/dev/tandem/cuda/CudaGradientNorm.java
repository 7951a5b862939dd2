package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GradientNorm;
import java.util.List;

/// `gradient_norm.cu`: bound by bytes, 4 for each element; small gradients by their launch.
final class CudaGradientNorm implements GradientNorm {
    private static final String SOURCE = "gradient_norm.cu";
    private static final int THREADS = 256;
    private static final int FACTOR_THREADS = 1024;
    private static final int CHUNK = 32_768; // gradient_norm.cu has the same

    private final CudaQueue queue;
    private final CudaKernel<Squares> squares;
    private final CudaKernel<Factor> factor;

    record Squares(DeviceAddress squares, Tensor gradient, long count, float scale) {}

    record Factor(Tensor norm, DeviceAddress squares, long chunks, float clip) {}

    CudaGradientNorm(CudaQueue queue) {
        this.queue = queue;
        squares = queue.kernel(SOURCE, "gradient_norm_squares", Squares.class);
        factor = queue.kernel(SOURCE, "gradient_norm_factor", Factor.class);
    }

    @Override
    public void forward(Tensor norm, List<Gradient> gradients, float clip) {
        long chunks = 0;
        for (Gradient gradient : gradients) {
            chunks += chunks(gradient);
        }
        DeviceAddress sums = queue.scratch(chunks * Double.BYTES);
        DeviceAddress next = sums;
        for (Gradient gradient : gradients) {
            int own = chunks(gradient);
            long count = gradient.tensor().shape().elements();
            squares.launch(Grid.of(own, THREADS), new Squares(next, gradient.tensor(), count, gradient.scale()));
            next = next.plus((long) own * Double.BYTES);
        }
        factor.launch(Grid.of(1, FACTOR_THREADS), new Factor(norm, sums, chunks, clip));
    }

    private static int chunks(Gradient gradient) {
        return Math.toIntExact(Math.ceilDiv(gradient.tensor().shape().elements(), (long) CHUNK));
    }
}
