package dev.tandem.cuda;

import dev.tandem.engine.kernel.GateOptions;

/// What the kernels of one gate hand on to each other.
///
/// @param chunks how the tokens are divided to be numbered
/// @param sums `[blocks, E]` F32: probabilities summed over a block of tokens
/// @param entropies `[blocks]` F64: the same of the entropy
/// @param contributions `[E]` F64: of each expert to the balance loss
/// @param histograms `[K, chunks, E]` I32
/// @param sorting room for [CudaGateOrder], the keys first; 0 if queues form in token order
record GateScratch(
        GateChunks chunks,
        DeviceAddress sums,
        DeviceAddress entropies,
        DeviceAddress contributions,
        DeviceAddress histograms,
        DeviceAddress sorting) {
    /// Takes the queue's scratch.
    static GateScratch of(CudaQueue queue, GateChunks chunks, int E, GateOptions options) {
        var plan = new ScratchPlan();
        long blocks = CudaGate.blocks(chunks.N());
        long sums = plan.add(blocks * E, Float.BYTES);
        long entropies = plan.add(blocks, Double.BYTES);
        long contributions = plan.add(E, Double.BYTES);
        long histograms = plan.add((long) options.K() * chunks.count() * E, Integer.BYTES);
        boolean sorts = options.batchPrioritized();
        long sorting = plan.add(sorts ? CudaGateOrder.bytes(chunks) : 0, Byte.BYTES);
        DeviceAddress base = queue.scratch(plan.bytes());
        return new GateScratch(
                chunks,
                base.plus(sums),
                base.plus(entropies),
                base.plus(contributions),
                base.plus(histograms),
                sorts ? base.plus(sorting) : DeviceAddress.NONE);
    }
}
