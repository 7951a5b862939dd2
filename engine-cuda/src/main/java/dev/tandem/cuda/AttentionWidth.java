package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import java.util.Optional;

/// The tiled kernels of attention for one width of head, and their grids. Heads that are wider than the
/// widest are cut into chunks of it: each block then computes the scores from all chunks, and the result
/// for one.
final class AttentionWidth {
    static final int WIDEST = 128;

    private static final int THREADS = 256;
    private static final int ROWS = 64;
    // 16 bytes between rows of shared memory, against bank conflicts
    private static final int GAP = 4;

    private final int channels;
    private final TypedKernel<Forward> forward;
    private final TypedKernel<Backward> queries;
    private final TypedKernel<Backward> keys;

    record Forward(
            Tensor y,
            Optional<Tensor> logSumExp,
            DeviceAddress q,
            DeviceAddress k,
            DeviceAddress v,
            Optional<Tensor> padding,
            long qStride,
            long kStride,
            long seed,
            long stream,
            int T,
            int start,
            int capacity,
            int H,
            int D,
            float scale,
            float dropout,
            float keptScale) {}

    record Backward(
            Tensor dqkv,
            DeviceAddress delta,
            DeviceAddress factor,
            Tensor dy,
            Tensor y,
            Tensor logSumExp,
            Tensor qkv,
            Optional<Tensor> padding,
            long seed,
            long stream,
            int T,
            int H,
            int D,
            float scale,
            float dropout,
            float keptScale) {}

    AttentionWidth(CudaQueue queue, int channels) {
        this.channels = channels;
        forward = TypedKernel.of(queue, "attention.cu", "attention_forward_" + channels, Forward.class);
        queries = TypedKernel.of(queue, "attention_backward.cu", "attention_queries_" + channels, Backward.class);
        keys = TypedKernel.of(queue, "attention_backward.cu", "attention_keys_" + channels, Backward.class);
    }

    /// Whether a head of D channels needs no wider kernels.
    boolean holds(int D) {
        return D <= channels || channels == WIDEST;
    }

    /// Enqueues the forward of so many heads of all sequences.
    void forward(int heads, Forward arguments) {
        forward.of(arguments.y).launch(grid(heads, arguments.T, arguments.D).shared(shared(1, ROWS)), arguments);
    }

    /// Enqueues the backward of so many heads of all sequences.
    void backward(int heads, Backward arguments) {
        // the widest would not fit the 99 KiB of an sm_89 otherwise
        int streamed = channels == WIDEST ? ROWS / 2 : ROWS;
        Grid grid = grid(heads, arguments.T, arguments.D).shared(shared(2, streamed));
        queries.of(arguments.y).launch(grid, arguments);
        keys.of(arguments.y).launch(grid, arguments);
    }

    private Grid grid(int heads, int T, int D) {
        int blocks = Math.multiplyExact(heads, Math.ceilDiv(T, ROWS));
        return new Grid(blocks, Math.ceilDiv(D, channels), 1, THREADS, 1, 1, 0);
    }

    /// Bytes of tiles of the block's own rows, of one of streamed rows, and of the weights between both.
    private int shared(int ownTiles, int streamed) {
        int rows = (ownTiles * ROWS + streamed) * (channels + GAP);
        return (rows + ROWS * (streamed + GAP)) * Float.BYTES;
    }
}
