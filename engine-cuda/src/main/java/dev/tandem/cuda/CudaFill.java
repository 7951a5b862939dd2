package dev.tandem.cuda;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Fill;

/// `fill.cu`: constants are bound by bytes, 4 for each element; random values by arithmetic.
final class CudaFill implements Fill {
    private static final String SOURCE = "fill.cu";
    private static final int THREADS = 256;

    private final TypedKernel<Constant> constant;
    private final CudaKernel<Integers> integers;
    private final TypedKernel<Uniform> uniform;
    private final TypedKernel<Normal> normal;
    private final CudaKernel<Gumbel> gumbel;

    record Constant(Tensor y, long count, float value) {}

    record Integers(Tensor y, long count, int value) {}

    record Uniform(Tensor y, long count, long seed, long stream, float low, float high) {}

    record Normal(Tensor y, long count, long seed, long stream, float mean, float deviation) {}

    record Gumbel(Tensor y, long count, long seed, long stream) {}

    CudaFill(CudaQueue queue) {
        constant = TypedKernel.of(queue, SOURCE, "fill_constant", Constant.class);
        integers = queue.kernel(SOURCE, "fill_integers", Integers.class);
        uniform = TypedKernel.of(queue, SOURCE, "fill_uniform", Uniform.class);
        normal = TypedKernel.of(queue, SOURCE, "fill_normal", Normal.class);
        gumbel = queue.kernel(SOURCE, "fill_gumbel", Gumbel.class);
    }

    @Override
    public void constant(Tensor y, double value) {
        long count = y.shape().elements();
        if (y.type() == ElementType.I32) {
            integers.launch(grid(y), new Integers(y, count, (int) value));
        } else {
            constant.of(y).launch(grid(y), new Constant(y, count, (float) value));
        }
    }

    @Override
    public void uniform(Tensor y, float low, float high, long seed, long stream) {
        uniform.of(y).launch(grid(y), new Uniform(y, y.shape().elements(), seed, stream, low, high));
    }

    @Override
    public void normal(Tensor y, float mean, float deviation, long seed, long stream) {
        normal.of(y).launch(grid(y), new Normal(y, y.shape().elements(), seed, stream, mean, deviation));
    }

    @Override
    public void gumbel(Tensor y, long seed, long stream) {
        gumbel.launch(grid(y), new Gumbel(y, y.shape().elements(), seed, stream));
    }

    private static Grid grid(Tensor y) {
        return Grid.covering(y.shape().elements(), THREADS);
    }
}
