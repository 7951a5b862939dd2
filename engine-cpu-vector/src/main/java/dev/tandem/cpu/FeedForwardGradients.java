package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.FeedForwardWeights;

/// The backward of [CpuExpertFeedForward]. The saved pre-activations are used where they lie and then
/// overwritten by their gradients:
///
///     dDown += dYᵀ·gelu(pre)         GELU applied while pre is packed
///     pre    = (dY·down)·gelu'(pre)  a group of chunks of F, then
///     dX    += pre·up                the same group
///     dUp   += preᵀ·x                x gathered while it is packed
final class FeedForwardGradients {
    private final Workers workers;
    private final FeedForwardOperands o;
    private final HiddenOutput[] hiddens;
    private final RowOutput[] outputs;
    private final WeightGradient[] gradients;
    private final Workers.Task dataGradient = this::dataGradientBlock;
    private final Workers.Task downGradient = this::downGradientBlock;
    private final Workers.Task upGradient = this::upGradientBlock;

    private int columnBlocks;
    private int panelChunks;
    private long dx;
    private long dUp;
    private long dUpBias;
    private long dDown;
    private long dDownBias;

    FeedForwardGradients(
            Workers workers,
            HeldMemory held,
            FeedForwardOperands operands,
            HiddenOutput[] hiddens,
            RowOutput[] outputs) {
        this.workers = workers;
        this.o = operands;
        this.hiddens = hiddens;
        this.outputs = outputs;
        gradients = WeightGradient.perWorker(workers, held);
    }

    void run(Tensor dExpertX, FeedForwardWeights dWeights, ExpertRows rows) {
        dx = CpuStorage.address(dExpertX);
        dUp = CpuStorage.address(dWeights.up());
        dUpBias = CpuStorage.address(dWeights.upBias());
        dDown = CpuStorage.address(dWeights.down());
        dDownBias = CpuStorage.address(dWeights.downBias());
        long R = dExpertX.shape().rows();
        o.cut(rows, R, Integer.MAX_VALUE);
        o.checkChoices();
        split(o.F, o.downLayout);
        workers.run(o.blocks.count() * columnBlocks * panelChunks, downGradient);
        o.cut(rows, R, DataGradient.ROWS);
        workers.run(o.blocks.count(), dataGradient);
        o.cut(rows, R, Integer.MAX_VALUE);
        split(o.C, o.upLayout);
        workers.run(o.blocks.count() * columnBlocks * panelChunks, upGradient);
    }

    private void split(int columns, PanelLayout layout) {
        columnBlocks = Split.parts(columns, WeightGradient.COLUMNS);
        panelChunks = Chunks.panels(o.blocks.count() * columnBlocks, layout.panels(), workers.threads());
    }

    private void downGradientBlock(int task, int worker) {
        int block = task / (columnBlocks * panelChunks);
        int rows = o.blocks.rows(block);
        int first = o.blocks.first(block);
        long scratch = workers.workspace(worker).address(WeightGradient.bytes(rows, o.F));
        WeightGradient gradient = gradients[worker];
        gradient.of(o.downLayout, dDown, dDownBias, o.blocks.expert(block), rows);
        gradient.activated(o.pre, first, o.form);
        gradient.rows(o.y + first * o.stride, o.stride);
        add(gradient, task, scratch);
    }

    private void upGradientBlock(int task, int worker) {
        int block = task / (columnBlocks * panelChunks);
        int rows = o.blocks.rows(block);
        long tableBytes = Packing.tableBytes(rows);
        long table = workers.workspace(worker).address(tableBytes + WeightGradient.bytes(rows, o.C));
        o.gather(table, block);
        WeightGradient gradient = gradients[worker];
        gradient.of(o.upLayout, dUp, dUpBias, o.blocks.expert(block), rows);
        gradient.gathered(table);
        gradient.panels(o.pre, o.blocks.first(block));
        add(gradient, task, table + tableBytes);
    }

    private void add(WeightGradient gradient, int task, long scratch) {
        gradient.add(scratch, task / panelChunks % columnBlocks, columnBlocks, task % panelChunks, panelChunks);
    }

    private void dataGradientBlock(int block, int worker) {
        int rows = o.blocks.rows(block);
        int expert = o.blocks.expert(block);
        long first = o.blocks.first(block);
        boolean byTokens = TokenPanels.pay(Math.min(o.C, o.F), rows);
        int packedRows = DataGradient.packedRows(byTokens, rows);
        int depthOfC = DataGradient.depth(byTokens, o.C, rows);
        int depthOfF = DataGradient.depth(byTokens, o.F, rows);
        int chunksOfC = Reduction.chunks(o.C, depthOfC);
        long tableBytes = Packing.tableBytes(rows);
        long yBytes = chunksOfC * Reduction.chunkBytes(o.C, depthOfC, packedRows);
        long hiddenBytes = Reduction.groupBytes(o.F, depthOfF, packedRows);
        long panelBytes = packedRows * GemmTile.ROW_BYTES;
        long sumBytes = Gemm.sumBytes(packedRows, o.F, depthOfF, o.downLayout.panels());
        long table = workers.workspace(worker)
                .address(tableBytes + yBytes + hiddenBytes + DataGradient.TRANSPOSED_BYTES + panelBytes + sumBytes);
        long packedY = table + tableBytes;
        long packedHidden = packedY + yBytes;
        long transposed = packedHidden + hiddenBytes;
        long panel = transposed + DataGradient.TRANSPOSED_BYTES;
        long sums = panel + panelBytes;
        Packing.strided(table, o.y + first * o.stride, o.stride, rows);
        DataGradient.pack(byTokens, table, rows, o.C, 0, chunksOfC, packedY);
        long finished = DataGradient.finished(byTokens, panel, transposed);
        Packing.strided(table, finished, GemmTile.ROW_BYTES, rows);
        RowOutput dX = outputs[worker].rows(dx + first * o.stride, o.stride);
        HiddenOutput hidden = hiddens[worker].backward(o.pre, o.blocks.first(block), o.form);
        long up = o.up + expert * o.upLayout.matrixBytes();
        long down = o.down + expert * o.downLayout.matrixBytes();
        for (int group = 0; group < Reduction.groups(o.F, depthOfF, packedRows); group++) {
            int from = Reduction.firstChunk(o.F, depthOfF, packedRows, group);
            int to = Reduction.firstChunk(o.F, depthOfF, packedRows, group + 1);
            hidden.into(table, rows, byTokens, o.F, depthOfF, from, packedHidden);
            DataGradient.multiplyPanels(
                    byTokens,
                    rows,
                    0,
                    chunksOfC,
                    packedY,
                    o.downLayout,
                    down,
                    Reduction.panel(o.F, depthOfF, from),
                    Reduction.panel(o.F, depthOfF, to),
                    hidden,
                    panel,
                    transposed);
            DataGradient.multiplyPanels(
                    byTokens,
                    rows,
                    from,
                    to,
                    packedHidden,
                    o.upLayout,
                    up,
                    0,
                    o.downLayout.panels(),
                    dX,
                    sums,
                    transposed);
        }
    }
}
