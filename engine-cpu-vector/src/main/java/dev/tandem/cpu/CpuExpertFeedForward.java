package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertFeedForward;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

/// Both layers of all experts, a group of chunks of the hidden block at a time.
///
/// The second product is reduced over F in chunks anyway; the first product computes just the chunks
/// that come next, so the hidden values never leave the second-level cache.
final class CpuExpertFeedForward implements ExpertFeedForward {
    private final Workers workers;
    private final HiddenOutput[] hiddens;
    private final RowOutput[] outputs;
    private final FeedForwardOperands operands = new FeedForwardOperands();
    private final FeedForwardGradients gradients;
    private final Workers.Task forward = this::forwardBlock;

    CpuExpertFeedForward(Workers workers, HeldMemory held) {
        this.workers = workers;
        hiddens = HiddenOutput.perWorker(workers, held);
        outputs = RowOutput.perWorker(workers, held);
        gradients = new FeedForwardGradients(workers, held, operands, hiddens, outputs);
    }

    @Override
    public void forward(
            Tensor expertY,
            Optional<Tensor> preActivation,
            Tensor x,
            FeedForwardWeights weights,
            ExpertRows rows,
            int K,
            GeluForm form) {
        operands.set(expertY, CpuStorage.address(preActivation), x, weights, rows, K, form);
        operands.cut(rows, expertY.shape().rows(), Gemm.FORWARD_ROWS);
        operands.checkChoices();
        workers.run(operands.blocks.count(), forward);
    }

    private void forwardBlock(int block, int worker) {
        FeedForwardOperands o = operands;
        int rows = o.blocks.rows(block);
        int expert = o.blocks.expert(block);
        long first = o.blocks.first(block);
        int depthOfC = Reduction.depth(o.upLayout, rows);
        int depthOfF = Reduction.depth(o.downLayout, rows);
        int chunksOfC = Reduction.chunks(o.C, depthOfC);
        long tableBytes = Packing.tableBytes(rows);
        long xBytes = chunksOfC * Reduction.chunkBytes(o.C, depthOfC, rows);
        long hiddenBytes = Reduction.groupBytes(o.F, depthOfF, rows);
        long panelBytes = 2L * rows * GemmTile.ROW_BYTES;
        long sumBytes = Gemm.sumBytes(rows, o.F, depthOfF, o.downLayout.panels());
        long expandedBytes = Gemm.expandedBytes(o.upLayout);
        long table = workers.workspace(worker)
                .address(tableBytes + xBytes + hiddenBytes + panelBytes + expandedBytes + sumBytes);
        long packedX = table + tableBytes;
        long packedHidden = packedX + xBytes;
        long panel = packedHidden + hiddenBytes;
        long expanded = panel + panelBytes;
        long sums = expanded + expandedBytes;
        o.gather(table, block);
        Reduction.pack(table, rows, o.C, depthOfC, 0, chunksOfC, packedX);
        Packing.strided(table, panel, Gemm.panelsAtOnce(rows, o.upLayout) * GemmTile.ROW_BYTES, rows);
        RowOutput y = outputs[worker].rows(
                o.y + first * o.stride, o.stride, 0, o.downBias + expert * o.stride, Optional.empty());
        HiddenOutput hidden =
                hiddens[worker].forward(o.pre, o.blocks.first(block), o.upBias + expert * o.hiddenStride, o.form);
        long up = o.up + expert * o.upLayout.matrixBytes();
        long down = o.down + expert * o.downLayout.matrixBytes();
        for (int group = 0; group < Reduction.groups(o.F, depthOfF, rows); group++) {
            int from = Reduction.firstChunk(o.F, depthOfF, rows, group);
            int to = Reduction.firstChunk(o.F, depthOfF, rows, group + 1);
            hidden.into(table, rows, false, o.F, depthOfF, from, packedHidden);
            Gemm.multiplyPanels(
                    rows,
                    0,
                    chunksOfC,
                    packedX,
                    o.upLayout,
                    up,
                    Reduction.panel(o.F, depthOfF, from),
                    Reduction.panel(o.F, depthOfF, to),
                    false,
                    hidden,
                    panel,
                    expanded);
            Gemm.multiplyPanels(
                    rows,
                    from,
                    to,
                    packedHidden,
                    o.downLayout,
                    down,
                    0,
                    o.downLayout.panels(),
                    false,
                    y,
                    sums,
                    expanded);
        }
    }

    @Override
    public void backward(
            Tensor dExpertX,
            FeedForwardWeights dWeights,
            Tensor dExpertY,
            Tensor preActivation,
            Tensor x,
            FeedForwardWeights weights,
            ExpertRows rows,
            int K,
            GeluForm form) {
        operands.set(dExpertY, CpuStorage.address(preActivation), x, weights, rows, K, form);
        gradients.run(dExpertX, dWeights, rows);
    }
}
