package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Embedding;
import java.util.Optional;

/// `embedding.cu`: bound by bytes, 12·N·C forward and about 8·N·C backward.
///
/// The gradient of the table is summed over the tokens of each id in their order: they are sorted by
/// id, and so it needs no float atomics and repeats its bits.
final class CudaEmbedding implements Embedding {
    private static final String SOURCE = "embedding.cu";
    private static final int THREADS = 256;
    private static final int RUN_TOKENS = 32;
    private static final int TILE_COLUMNS = 128;
    private static final int ALIGNMENT = 16;
    private static final double LONGEST_WAVE = 10_000;

    private final CudaQueue queue;
    private final PositionCell position;
    private final TokenSort sort;
    private final CudaKernel<Ranks> ranks;
    private final TypedKernel<Forward> forward;
    private final CudaKernel<Keys> keys;
    private final TypedKernel<Runs> runs;
    private final CudaKernel<Carried> carried;
    private final TypedKernel<Positions> positions;
    private final CudaKernel<Sinusoidal> sinusoidal;

    record Ranks(DeviceAddress ranks, DeviceAddress tokens, Tensor ids, long B, int T, int padding) {}

    record Forward(
            Tensor y,
            Tensor ids,
            Tensor table,
            Tensor positions,
            DeviceAddress ranks,
            DeviceAddress complaint,
            DeviceAddress start,
            long N,
            int T,
            int C,
            int V,
            int P,
            int padding,
            float scale) {}

    record Keys(
            DeviceAddress keys,
            DeviceAddress tokens,
            Tensor ids,
            DeviceAddress ranks,
            DeviceAddress complaint,
            long N,
            int T,
            int V,
            int P,
            int padding) {}

    record Runs(
            Tensor dTable,
            DeviceAddress carried,
            Tensor dy,
            DeviceAddress keys,
            DeviceAddress tokens,
            long N,
            long chunks,
            int C,
            int V,
            float scale) {}

    record Carried(
            Tensor dTable, DeviceAddress carried, DeviceAddress keys, long N, long chunks, int C, int V, float scale) {}

    record Positions(Tensor dPositions, Tensor dy, DeviceAddress tokens, int B, int T, int C, int P, int padding) {}

    record Sinusoidal(Tensor positions, long P, int C, int padding, double logarithm) {}

    CudaEmbedding(CudaQueue queue, PositionCell position) {
        this.queue = queue;
        this.position = position;
        sort = new TokenSort(queue);
        ranks = queue.kernel(SOURCE, "embedding_ranks", Ranks.class);
        forward = TypedKernel.of(queue, SOURCE, "embedding_forward", Forward.class);
        keys = queue.kernel(SOURCE, "embedding_keys", Keys.class);
        runs = TypedKernel.of(queue, SOURCE, "embedding_runs", Runs.class);
        carried = queue.kernel(SOURCE, "embedding_carried", Carried.class);
        positions = TypedKernel.of(queue, SOURCE, "embedding_positions", Positions.class);
        sinusoidal = queue.kernel(SOURCE, "embedding_sinusoidal", Sinusoidal.class);
    }

    /// Places in scratch: the ranks of the tokens and the tokens by rank, both absent without padding.
    private record Places(DeviceAddress ranks, DeviceAddress tokens) {
        static long bytes(long N, int padding) {
            return padding < 0 ? 0 : 2 * N * Integer.BYTES;
        }
    }

    @Override
    public void forward(Tensor y, Tensor ids, Tensor table, Tensor positions, float scale, int padding, int start) {
        long N = ids.shape().elements();
        int T = ids.shape().extent(1);
        int V = table.shape().extent(0);
        int C = table.shape().extent(1);
        int P = positions.shape().extent(0);
        Places places = place(queue.scratch(Places.bytes(N, padding)), ids, padding);
        var arguments = new Forward(
                y,
                ids,
                table,
                positions,
                places.ranks,
                queue.complaint(),
                position.holding(start),
                N,
                T,
                C,
                V,
                P,
                padding,
                scale);
        forward.of(y).launch(Grid.warps(N, THREADS), arguments);
    }

    @Override
    public void backward(Tensor dTable, Optional<Tensor> dPositions, Tensor dy, Tensor ids, float scale, int padding) {
        int N = Math.toIntExact(ids.shape().elements());
        int C = dTable.shape().extent(1);
        long chunks = Math.ceilDiv(N, RUN_TOKENS);
        // carried rows first, as they are read 16 bytes at a time
        long carriedBytes = Math.ceilDiv(chunks * C * Float.BYTES, ALIGNMENT) * (long) ALIGNMENT;
        long placesBytes = Places.bytes(N, padding);
        long pairsBytes = TokenSort.Pairs.bytes(N);
        DeviceAddress rows = queue.scratch(carriedBytes + placesBytes + pairsBytes + TokenSort.bytes(N));
        Places places = place(rows.plus(carriedBytes), ids, padding);
        DeviceAddress pairs = rows.plus(carriedBytes + placesBytes);
        int P = dPositions.isPresent() ? dPositions.get().shape().extent(0) : Integer.MAX_VALUE;
        TokenSort.Pairs sorted = sorted(pairs, places, dTable, ids, P, padding);
        addRows(dTable, rows, dy, sorted, N, scale);
        dPositions.ifPresent(tensor -> addPositions(tensor, dy, places, padding));
    }

    private Places place(DeviceAddress scratch, Tensor ids, int padding) {
        if (padding < 0) {
            return new Places(DeviceAddress.NONE, DeviceAddress.NONE);
        }
        int B = ids.shape().extent(0);
        int T = ids.shape().extent(1);
        var places = new Places(scratch, scratch.plus((long) B * T * Integer.BYTES));
        ranks.launch(Grid.warps(B, THREADS), new Ranks(places.ranks, places.tokens, ids, B, T, padding));
        return places;
    }

    /// The tokens by id; those that give nothing come last, with V for an id.
    private TokenSort.Pairs sorted(
            DeviceAddress scratch, Places places, Tensor dTable, Tensor ids, int P, int padding) {
        int N = Math.toIntExact(ids.shape().elements());
        int T = ids.shape().extent(1);
        int V = dTable.shape().extent(0);
        var pairs = TokenSort.Pairs.at(scratch, N);
        keys.launch(
                Grid.covering(N, THREADS),
                new Keys(pairs.keys(), pairs.tokens(), ids, places.ranks, queue.complaint(), N, T, V, P, padding));
        return sort.sort(pairs, scratch.plus(TokenSort.Pairs.bytes(N)), N, V);
    }

    private void addRows(Tensor dTable, DeviceAddress rows, Tensor dy, TokenSort.Pairs sorted, int N, float scale) {
        int V = dTable.shape().extent(0);
        int C = dTable.shape().extent(1);
        long chunks = Math.ceilDiv(N, RUN_TOKENS);
        Grid grid = Grid.warps(chunks * Math.ceilDiv(C, TILE_COLUMNS), THREADS);
        runs.of(dy).launch(grid, new Runs(dTable, rows, dy, sorted.keys(), sorted.tokens(), N, chunks, C, V, scale));
        carried.launch(grid, new Carried(dTable, rows, sorted.keys(), N, chunks, C, V, scale));
    }

    private void addPositions(Tensor dPositions, Tensor dy, Places places, int padding) {
        int B = dy.shape().extent(0);
        int T = dy.shape().extent(1);
        int C = dy.shape().extent(2);
        int P = dPositions.shape().extent(0);
        positions
                .of(dy)
                .launch(
                        Grid.covering((long) T * Math.ceilDiv(C, 4), THREADS),
                        new Positions(dPositions, dy, places.tokens, B, T, C, P, padding));
    }

    @Override
    public void sinusoidal(Tensor positions, int padding) {
        int P = positions.shape().extent(0);
        int C = positions.shape().extent(1);
        double logarithm = StrictMath.log(LONGEST_WAVE) / (C / 2 - 1);
        sinusoidal.launch(Grid.covering((long) P * C, THREADS), new Sinusoidal(positions, P, C, padding, logarithm));
    }
}
