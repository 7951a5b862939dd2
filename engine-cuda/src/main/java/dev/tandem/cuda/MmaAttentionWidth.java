package dev.tandem.cuda;

/// `attention_bf16.cu`, `attention_queries_bf16.cu` and `attention_keys_bf16.cu`: BF16 on tensor cores, for
/// heads of up to so many channels.
final class MmaAttentionWidth implements AttentionWidth {
    private static final int THREADS = 128;
    private static final int ROWS = 64;
    // 16 bytes between rows of shared memory, against bank conflicts
    private static final int GAP = 8;
    // two tiles forward; two and two strips of two kinds of rows backward, beside three numbers of each query
    private static final int FORWARD_ROWS = 2 * ROWS;
    private static final int STRIP = 32;
    private static final int BACKWARD_ROWS = 2 * ROWS + 4 * STRIP;
    private static final int NUMBERS = 2 * 3 * STRIP;

    private final int channels;
    private final CudaKernel<Forward> forward;
    private final CudaKernel<Backward> queries;
    private final CudaKernel<Backward> keys;

    MmaAttentionWidth(CudaQueue queue, int channels) {
        this.channels = channels;
        String suffix = channels + "_bf16";
        forward = queue.kernel("attention_bf16.cu", "attention_forward_" + suffix, Forward.class);
        queries = queue.kernel("attention_queries_bf16.cu", "attention_queries_" + suffix, Backward.class);
        keys = queue.kernel("attention_keys_bf16.cu", "attention_keys_" + suffix, Backward.class);
    }

    @Override
    public boolean holds(int D) {
        return D <= channels;
    }

    @Override
    public void forward(int heads, Forward arguments) {
        forward.launch(grid(heads, arguments.T()).shared(rows(FORWARD_ROWS)), arguments);
    }

    @Override
    public void backward(int heads, Backward arguments) {
        Grid grid = grid(heads, arguments.T());
        queries.launch(grid.shared(rows(BACKWARD_ROWS)), arguments);
        keys.launch(grid.shared(rows(BACKWARD_ROWS) + NUMBERS * Float.BYTES), arguments);
    }

    private static Grid grid(int heads, int T) {
        return Grid.of(Math.multiplyExact(heads, Math.ceilDiv(T, ROWS)), THREADS);
    }

    /// Bytes of so many rows of shared memory.
    private int rows(int count) {
        return count * (channels + GAP) * Short.BYTES;
    }
}
