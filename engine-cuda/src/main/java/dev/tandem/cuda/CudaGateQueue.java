package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.Routing;
import java.util.Optional;

/// `gate_queue.cu`: numbers the choices at each expert, serves as many as there are slots, and weighs
/// them. Bound by the latency of four launches; no atomics, no host.
final class CudaGateQueue {
    private static final String SOURCE = "gate_queue.cu";

    private static final int THREADS = 256;
    private static final int WARP = 32;
    private static final int MOST_WARPS = 32;

    /// Experts whose histogram fits the shared memory that every block may have.
    private static final int MOST_SHARED = 48 * 1024 / Integer.BYTES;

    private final CudaKernel<Choices> choices;
    private final CudaKernel<Scan> scan;
    private final CudaKernel<Rows> rows;
    private final CudaKernel<Serve> serve;
    private final CudaGateOrder order;

    record Choices(
            Tensor slot,
            DeviceAddress histograms,
            Tensor expert,
            DeviceAddress order,
            int N,
            int K,
            int E,
            int chunks,
            int chunkTokens,
            int inShared) {}

    record Scan(
            DeviceAddress histograms,
            DeviceAddress counts,
            Optional<Tensor> queued,
            Optional<Tensor> dropped,
            DeviceAddress contributions,
            DeviceAddress sums,
            int ranks,
            int chunks,
            int bins,
            int blocks,
            int S) {
        /// Of digits, which have one rank and room for all.
        static Scan of(DeviceAddress histograms, DeviceAddress counts, GateChunks chunks, int bins) {
            return new Scan(
                    histograms,
                    counts,
                    Optional.empty(),
                    Optional.empty(),
                    DeviceAddress.NONE,
                    DeviceAddress.NONE,
                    1,
                    chunks.count(),
                    bins,
                    0,
                    Integer.MAX_VALUE);
        }
    }

    record Rows(
            DeviceAddress starts,
            Optional<Tensor> balanceLoss,
            Optional<Tensor> entropy,
            DeviceAddress counts,
            DeviceAddress contributions,
            DeviceAddress entropies,
            int N,
            int bins,
            int blocks,
            int spacing) {
        /// Of digits, back to back.
        static Rows of(DeviceAddress starts, DeviceAddress counts, int bins) {
            return new Rows(
                    starts,
                    Optional.empty(),
                    Optional.empty(),
                    counts,
                    DeviceAddress.NONE,
                    DeviceAddress.NONE,
                    0,
                    bins,
                    0,
                    0);
        }
    }

    record Serve(
            Tensor slot,
            Tensor weight,
            Tensor choiceOf,
            Tensor expert,
            DeviceAddress order,
            DeviceAddress firsts,
            Tensor starts,
            Tensor counts,
            int N,
            int K,
            int E,
            int S,
            int R,
            int chunks,
            int chunkTokens,
            int compact,
            int normalizeBefore) {}

    CudaGateQueue(CudaQueue queue) {
        choices = queue.kernel(SOURCE, "queue_choices", Choices.class);
        scan = queue.kernel(SOURCE, "queue_scan", Scan.class);
        rows = queue.kernel(SOURCE, "queue_rows", Rows.class);
        serve = queue.kernel(SOURCE, "queue_serve", Serve.class);
        order = new CudaGateOrder(queue, scan, rows);
    }

    /// A block for 32 bins, with a warp for each chunk that there is.
    static Grid tiles(int bins, long chunks) {
        return Grid.of(Math.ceilDiv(bins, WARP), WARP * (int) Math.min(MOST_WARPS, chunks));
    }

    /// One block with a thread for each bin, up to the largest block.
    static Grid oneBlock(int bins) {
        return Grid.of(1, WARP * Math.min(MOST_WARPS, Math.ceilDiv(bins, WARP)));
    }

    /// Turns the flags that the choice left in `slot` into slots, and its probabilities into weights.
    void run(
            Routing routing,
            ExpertRows expertRows,
            ExpertLoad load,
            Tensor balanceLoss,
            GateScratch scratch,
            GateOptions options) {
        GateChunks chunks = scratch.chunks();
        DeviceAddress sorted = options.batchPrioritized() ? order.run(scratch.sorting(), chunks) : DeviceAddress.NONE;
        int E = expertRows.starts().shape().last();
        number(routing, sorted, scratch.histograms(), chunks, options.K(), E);
        lay(expertRows, load, balanceLoss, scratch, options);
        serve(routing, expertRows, sorted, scratch.histograms(), chunks, options);
    }

    private void lay(
            ExpertRows expertRows, ExpertLoad load, Tensor balanceLoss, GateScratch scratch, GateOptions options) {
        int N = scratch.chunks().N();
        int E = expertRows.starts().shape().last();
        int S = options.capacity().slots(N, E);
        int chunks = scratch.chunks().count();
        int blocks = CudaGate.blocks(N);
        DeviceAddress counts = new DeviceAddress(CudaStorage.address(expertRows.counts()));
        scan.launch(
                tiles(E, Math.max((long) options.K() * chunks, blocks)),
                new Scan(
                        scratch.histograms(),
                        counts,
                        Optional.of(load.queued()),
                        Optional.of(load.dropped()),
                        scratch.contributions(),
                        scratch.sums(),
                        options.K(),
                        chunks,
                        E,
                        blocks,
                        S));
        rows.launch(
                oneBlock(E),
                new Rows(
                        new DeviceAddress(CudaStorage.address(expertRows.starts())),
                        Optional.of(balanceLoss),
                        Optional.of(load.entropy()),
                        counts,
                        scratch.contributions(),
                        scratch.entropies(),
                        N,
                        E,
                        blocks,
                        options.compact() ? 0 : S));
    }

    private void number(
            Routing routing, DeviceAddress sorted, DeviceAddress histograms, GateChunks chunks, int K, int E) {
        boolean inShared = E <= MOST_SHARED;
        choices.launch(
                Grid.of(K * chunks.count(), chunks.threads()).shared(inShared ? E * Integer.BYTES : 0),
                new Choices(
                        routing.slot(),
                        histograms,
                        routing.expert(),
                        sorted,
                        chunks.N(),
                        K,
                        E,
                        chunks.count(),
                        chunks.tokens(),
                        inShared ? 1 : 0));
    }

    private void serve(
            Routing routing,
            ExpertRows rows,
            DeviceAddress sorted,
            DeviceAddress histograms,
            GateChunks chunks,
            GateOptions options) {
        int N = chunks.N();
        int E = rows.starts().shape().last();
        int R = rows.choiceOf().shape().last();
        serve.launch(
                Grid.covering(Math.max(N, R), THREADS),
                new Serve(
                        routing.slot(),
                        routing.weight(),
                        rows.choiceOf(),
                        routing.expert(),
                        sorted,
                        histograms,
                        rows.starts(),
                        rows.counts(),
                        N,
                        options.K(),
                        E,
                        options.capacity().slots(N, E),
                        R,
                        chunks.count(),
                        chunks.tokens(),
                        options.compact() ? 1 : 0,
                        options.normalizeBeforeDropping() ? 1 : 0));
    }
}
