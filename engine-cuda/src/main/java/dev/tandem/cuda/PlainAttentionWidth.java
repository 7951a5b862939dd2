package dev.tandem.cuda;

/// `attention.cu` and `attention_backward.cu`: F32 arithmetic without tensor cores. Heads that are wider
/// than the widest are cut into chunks of it: each block then computes the scores from all chunks, and the
/// result for one.
final class PlainAttentionWidth implements AttentionWidth {
    private static final String FORWARD = "attention.cu";
    private static final String BACKWARD = "attention_backward.cu";
    private static final int WIDEST = 128;
    private static final int THREADS = 256;
    private static final int ROWS = 64;
    // 16 bytes between rows of shared memory, against bank conflicts
    private static final int GAP = 4;

    private final int channels;
    private final CudaKernel<Forward> forward;
    private final CudaKernel<Backward> queries;
    private final CudaKernel<Backward> keys;

    private PlainAttentionWidth(CudaQueue queue, int channels, String suffix) {
        this.channels = channels;
        forward = queue.kernel(FORWARD, "attention_forward_" + suffix, Forward.class);
        queries = queue.kernel(BACKWARD, "attention_queries_" + suffix, Backward.class);
        keys = queue.kernel(BACKWARD, "attention_keys_" + suffix, Backward.class);
    }

    /// F32 up to so many channels; 128 hold every head.
    static PlainAttentionWidth f32(CudaQueue queue, int channels) {
        return new PlainAttentionWidth(queue, channels, String.valueOf(channels));
    }

    /// BF16 for every head.
    static PlainAttentionWidth wideBf16(CudaQueue queue) {
        return new PlainAttentionWidth(queue, WIDEST, "wide_bf16");
    }

    @Override
    public boolean holds(int D) {
        return D <= channels || channels == WIDEST;
    }

    @Override
    public void forward(int heads, Forward arguments) {
        forward.launch(grid(heads, arguments.T(), arguments.D()).shared(shared(1, ROWS)), arguments);
    }

    @Override
    public void backward(int heads, Backward arguments) {
        // the widest would not fit the 99 KiB of an sm_89 otherwise
        int streamed = channels == WIDEST ? ROWS / 2 : ROWS;
        Grid grid = grid(heads, arguments.T(), arguments.D()).shared(shared(2, streamed));
        queries.launch(grid, arguments);
        keys.launch(grid, arguments);
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
