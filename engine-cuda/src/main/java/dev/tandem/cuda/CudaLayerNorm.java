package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.LayerNorm;

/// `layer_norm.cu`: bound by bytes, 8·N·C forward and 20·N·C backward.
///
/// The gradients of gain and bias are summed over chunks of rows, then over the chunks in their
/// order. The number of chunks follows from N alone, so the bits do not depend on the GPU.
final class CudaLayerNorm implements LayerNorm {
    private static final String SOURCE = "layer_norm.cu";
    private static final int THREADS = 256;
    private static final int TILE_COLUMNS = 32;
    private static final int LEAST_CHUNK_ROWS = 64;
    private static final int MOST_CHUNKS = 128;

    private final CudaQueue queue;
    private final TypedKernel<Forward> forward;
    private final TypedKernel<Input> input;
    private final TypedKernel<Partial> partial;
    private final CudaKernel<Parameters> parameters;

    record Forward(
            Tensor y, Tensor mean, Tensor rstd, Tensor x, Tensor gain, Tensor bias, long N, int C, float epsilon) {}

    record Input(Tensor dx, Tensor dy, Tensor mean, Tensor rstd, Tensor x, Tensor gain, long N, int C) {}

    record Partial(
            DeviceAddress partial, Tensor dy, Tensor mean, Tensor rstd, Tensor x, long N, long chunkRows, int C) {}

    record Parameters(Tensor dGain, Tensor dBias, DeviceAddress partial, int chunks, int C) {}

    CudaLayerNorm(CudaQueue queue) {
        this.queue = queue;
        forward = TypedKernel.of(queue, SOURCE, "layer_norm_forward", Forward.class);
        input = TypedKernel.of(queue, SOURCE, "layer_norm_backward_input", Input.class);
        partial = TypedKernel.of(queue, SOURCE, "layer_norm_backward_partial", Partial.class);
        parameters = queue.kernel(SOURCE, "layer_norm_backward_parameters", Parameters.class);
    }

    @Override
    public void forward(Tensor y, Saved saved, Tensor x, Tensor gain, Tensor bias, float epsilon) {
        long N = x.shape().rows();
        int C = x.shape().last();
        forward.of(x)
                .launch(
                        Grid.warps(N, THREADS),
                        new Forward(y, saved.mean(), saved.rstd(), x, gain, bias, N, C, epsilon));
    }

    @Override
    public void backward(Tensor dx, Tensor dGain, Tensor dBias, Tensor dy, Saved saved, Tensor x, Tensor gain) {
        long N = x.shape().rows();
        int C = x.shape().last();
        long chunkRows = Math.max(LEAST_CHUNK_ROWS, Math.ceilDiv(N, MOST_CHUNKS));
        int chunks = (int) Math.ceilDiv(N, chunkRows);
        DeviceAddress partials = queue.scratch(2L * chunks * C * Float.BYTES);
        var tiles = new Grid(Math.ceilDiv(C, TILE_COLUMNS), chunks, 1, THREADS, 1, 1, 0);
        partial.of(x).launch(tiles, new Partial(partials, dy, saved.mean(), saved.rstd(), x, N, chunkRows, C));
        parameters.launch(Grid.covering(C, THREADS), new Parameters(dGain, dBias, partials, chunks, C));
        // last, as dx may be dy
        input.of(x).launch(Grid.warps(N, THREADS), new Input(dx, dy, saved.mean(), saved.rstd(), x, gain, N, C));
    }
}
