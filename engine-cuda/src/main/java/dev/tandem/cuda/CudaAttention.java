package dev.tandem.cuda;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Attention;
import dev.tandem.engine.kernel.KvCache;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// `attention.cu` and `attention_backward.cu` in F32; in BF16 `attention_bf16.cu`, `attention_queries_bf16.cu`
/// and `attention_keys_bf16.cu` on tensor cores, for heads of up to 128 channels; `attention_decode.cu` for
/// one token.
///
/// Sequences and prompts are bound by arithmetic: 4·D operations forward and 14·D backward for each
/// pair of query and key that the mask leaves, B·H·T²/2 of them. In BF16 each instruction of 4096 operations
/// also reads 256 bytes from shared memory, as a warp has no more than 16 rows to multiply them with. Wider
/// heads in BF16 take the F32 arithmetic, with which a block computes the scores from chunks of 128
/// channels, and the result for one.
///
/// One token is bound by bytes: 8·C for each position in the cache, half of that in BF16. There the keys are
/// divided among blocks by their number alone, so that neither the GPU nor the number of sequences decides
/// the bits.
final class CudaAttention implements Attention {
    private static final String DECODE = "attention_decode.cu";
    private static final int APPEND_THREADS = 256;
    private static final int DECODE_THREADS = 128;
    private static final int DECODE_WIDTH = 128;
    private static final int DECODE_TILE = 64;
    // a thread of the combining kernel knows one chunk
    private static final int MOST_CHUNKS = DECODE_THREADS;
    private static final int QUAD = 4;

    private final CudaQueue queue;
    private final PositionCell position;
    private final List<AttentionWidth> f32;
    private final List<AttentionWidth> bf16;
    private final TypedKernel<Append> append;
    private final TypedKernel<Decode> decode;
    private final TypedKernel<Combine> combine;

    record Append(Tensor keys, Tensor values, Tensor qkv, int B, int T, int C, int P, int start) {}

    record Decode(
            Tensor y,
            DeviceAddress partial,
            Tensor keys,
            Tensor values,
            Tensor qkv,
            DeviceAddress start,
            int P,
            int H,
            int D,
            int chunks,
            int chunkKeys,
            float scale) {}

    record Combine(Tensor y, DeviceAddress partial, int chunks, int D) {}

    CudaAttention(CudaQueue queue, PositionCell position) {
        this.queue = queue;
        this.position = position;
        f32 = Stream.of(32, 64, 80, 128)
                .<AttentionWidth>map(channels -> PlainAttentionWidth.f32(queue, channels))
                .toList();
        bf16 = Stream.concat(
                        Stream.of(32, 64, 80, 128)
                                .<AttentionWidth>map(channels -> new MmaAttentionWidth(queue, channels)),
                        Stream.of(PlainAttentionWidth.wideBf16(queue)))
                .toList();
        append = TypedKernel.of(queue, DECODE, "attention_append", Append.class);
        decode = TypedKernel.of(queue, DECODE, "attention_decode", Decode.class);
        combine = TypedKernel.of(queue, DECODE, "attention_combine", Combine.class);
    }

    @Override
    public void forward(
            Tensor y,
            Tensor logSumExp,
            Tensor qkv,
            Optional<Tensor> padding,
            int H,
            float dropout,
            long seed,
            long stream) {
        int T = y.shape().extent(1);
        int C = y.shape().extent(2);
        int D = C / H;
        var q = new DeviceAddress(CudaStorage.address(qkv));
        width(y, D)
                .forward(
                        y.shape().extent(0) * H,
                        new AttentionWidth.Forward(
                                y,
                                Optional.of(logSumExp),
                                q,
                                q.plus((long) C * qkv.type().bytes()),
                                q.plus(2L * C * qkv.type().bytes()),
                                padding,
                                3L * C,
                                3L * C,
                                seed,
                                stream,
                                T,
                                0,
                                T,
                                H,
                                D,
                                scale(D),
                                dropout,
                                keptScale(dropout)));
    }

    @Override
    public void backward(
            Tensor dqkv,
            Tensor dy,
            Tensor y,
            Tensor logSumExp,
            Tensor qkv,
            Optional<Tensor> padding,
            int H,
            float dropout,
            long seed,
            long stream) {
        int heads = y.shape().extent(0) * H;
        int T = y.shape().extent(1);
        int D = y.shape().extent(2) / H;
        long bytes = (long) heads * T * Float.BYTES;
        DeviceAddress delta = queue.scratch(2 * bytes);
        width(y, D)
                .backward(
                        heads,
                        new AttentionWidth.Backward(
                                dqkv,
                                delta,
                                delta.plus(bytes),
                                dy,
                                y,
                                logSumExp,
                                qkv,
                                padding,
                                seed,
                                stream,
                                T,
                                H,
                                D,
                                scale(D),
                                dropout,
                                keptScale(dropout)));
    }

    @Override
    public void decode(Tensor y, Tensor qkv, KvCache cache, int start, int H) {
        if (y.shape().extent(1) == 1) {
            decodeToken(y, qkv, cache, start, H);
        } else {
            decodePrompt(y, qkv, cache, start, H);
        }
    }

    private void decodePrompt(Tensor y, Tensor qkv, KvCache cache, int start, int H) {
        int B = y.shape().extent(0);
        int T = y.shape().extent(1);
        int C = y.shape().extent(2);
        int P = cache.keys().shape().extent(1);
        int D = C / H;
        append.of(qkv)
                .launch(
                        Grid.covering((long) B * T * APPEND_THREADS, APPEND_THREADS),
                        new Append(cache.keys(), cache.values(), qkv, B, T, C, P, start));
        width(y, D)
                .forward(
                        B * H,
                        new AttentionWidth.Forward(
                                y,
                                Optional.empty(),
                                new DeviceAddress(CudaStorage.address(qkv)),
                                new DeviceAddress(CudaStorage.address(cache.keys())),
                                new DeviceAddress(CudaStorage.address(cache.values())),
                                Optional.empty(),
                                3L * C,
                                C,
                                0,
                                0,
                                T,
                                start,
                                P,
                                H,
                                D,
                                scale(D),
                                0,
                                1));
    }

    private void decodeToken(Tensor y, Tensor qkv, KvCache cache, int start, int H) {
        int heads = y.shape().extent(0) * H;
        int D = y.shape().extent(2) / H;
        int P = cache.keys().shape().extent(1);
        int chunkKeys = Math.ceilDiv(start + 1, DECODE_TILE * MOST_CHUNKS) * DECODE_TILE;
        int chunks = Math.ceilDiv(start + 1, chunkKeys);
        DeviceAddress partial = queue.scratch((long) heads * chunks * (D + 2) * Float.BYTES);
        int blocks = Math.multiplyExact(heads, chunks);
        decode.of(qkv)
                .launch(
                        new Grid(blocks, Math.ceilDiv(D, DECODE_WIDTH), 1, DECODE_THREADS, 1, 1, 0)
                                .shared(Math.ceilDiv(D, QUAD) * QUAD * Float.BYTES),
                        new Decode(
                                y,
                                partial,
                                cache.keys(),
                                cache.values(),
                                qkv,
                                position.holding(start),
                                P,
                                H,
                                D,
                                chunks,
                                chunkKeys,
                                scale(D)));
        if (chunks > 1) {
            combine.of(y).launch(Grid.of(heads, DECODE_THREADS), new Combine(y, partial, chunks, D));
        }
    }

    /// The narrowest kernels that hold a head of that type.
    private AttentionWidth width(Tensor y, int D) {
        for (AttentionWidth width : y.type() == ElementType.BF16 ? bf16 : f32) {
            if (width.holds(D)) {
                return width;
            }
        }
        throw new IllegalStateException("the widest kernels hold every head");
    }

    private static float scale(int D) {
        return (float) (1 / Math.sqrt(D));
    }

    private static float keptScale(float dropout) {
        return (float) (1 / (1 - (double) dropout));
    }
}
