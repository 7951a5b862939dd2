package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertFeedForward;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

/// Both layers of all experts, a chunk of the hidden block at a time.
///
/// The second product is reduced over F in chunks anyway; the first product computes just the chunk
/// that comes next, so the hidden values never leave the second-level cache. Backward, the saved
/// pre-activations are used where they lie and then overwritten by their gradients:
///
///     dDown += dYᵀ·gelu(pre)         GELU applied while pre is packed
///     pre    = (dY·down)·gelu'(pre)  a chunk of F, then
///     dX    += pre·up                the same chunk
///     dUp   += preᵀ·x                x gathered while it is packed
final class CpuExpertFeedForward implements ExpertFeedForward {
    private final Workers workers;
    private final Output[] hiddens;
    private final Output[] outputs;
    private final ExpertBlocks blocks = new ExpertBlocks();
    private final Workers.Task forward = this::forwardBlock;
    private final Workers.Task dataGradient = this::dataGradientBlock;
    private final Workers.Task downGradient = this::downGradientBlock;
    private final Workers.Task upGradient = this::upGradientBlock;

    private Optional<GeluForm> form = Optional.empty();
    private GeluForm derivative = GeluForm.ERF;
    private PanelLayout upLayout = new PanelLayout(1, 1, 1);
    private PanelLayout downLayout = new PanelLayout(1, 1, 1);
    private int N;
    private int C;
    private int F;
    private int K;
    private int columnBlocks;
    private int panelChunks;
    private long x;
    private long y;
    private long dx;
    private long pre;
    private long choiceOf;
    private long up;
    private long upBias;
    private long down;
    private long downBias;
    private long dUp;
    private long dUpBias;
    private long dDown;
    private long dDownBias;

    CpuExpertFeedForward(Workers workers) {
        this.workers = workers;
        hiddens = Output.perWorker(workers);
        outputs = Output.perWorker(workers);
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
        operands(expertY, x, weights, rows, K, form);
        pre = CpuExpertLinear.address(preActivation);
        cut(rows, expertY.shape().rows(), Gemm.FORWARD_ROWS);
        checkChoices();
        workers.run(blocks.count(), forward);
    }

    private void operands(Tensor expertY, Tensor x, FeedForwardWeights weights, ExpertRows rows, int K, GeluForm form) {
        upLayout = CpuExpertLinear.layout(weights.up());
        downLayout = CpuExpertLinear.layout(weights.down());
        C = upLayout.in();
        F = upLayout.out();
        N = Math.toIntExact(x.shape().rows());
        this.K = K;
        this.form = CpuExpertLinear.present(form);
        this.derivative = form;
        this.x = CpuStorage.address(x);
        y = CpuStorage.address(expertY);
        up = CpuStorage.address(weights.up());
        upBias = CpuStorage.address(weights.upBias());
        down = CpuStorage.address(weights.down());
        downBias = CpuStorage.address(weights.downBias());
        choiceOf = CpuStorage.address(rows.choiceOf());
    }

    private void cut(ExpertRows rows, long R, int most) {
        blocks.cut(rows, Math.toIntExact(rows.counts().shape().elements()), R, most);
    }

    private void checkChoices() {
        for (int block = 0; block < blocks.count(); block++) {
            for (int r = 0; r < blocks.rows(block); r++) {
                token(blocks.first(block) + r);
            }
        }
    }

    /// The token in a row.
    private int token(int row) {
        int choice = Lanes.getInt(choiceOf + row * (long) Integer.BYTES);
        int token = choice / K;
        if (choice < 0 || token >= N) {
            throw new IllegalArgumentException("rows.choiceOf: owned row %d must hold a choice in 0..%d, held %d"
                    .formatted(row, (long) N * K - 1, choice));
        }
        return token;
    }

    private void gather(long table, int first, int rows) {
        for (int r = 0; r < rows; r++) {
            long address = x + token(first + r) * (long) C * Float.BYTES;
            Lanes.setLong(table + r * (long) Long.BYTES, address);
        }
        Packing.closeTable(table, rows);
    }

    private void forwardBlock(int block, int worker) {
        int rows = blocks.rows(block);
        long first = blocks.first(block);
        int expert = blocks.expert(block);
        int longest = Gemm.longestChunk(F);
        long tableBytes = Packing.tableBytes(rows);
        long xBytes = Gemm.packedBytes(rows, C);
        long hiddenBytes = Gemm.packedBytes(rows, longest);
        long edgeBytes = 2L * rows * GemmTile.ROW_BYTES;
        long table = workers.workspace(worker).address(tableBytes + xBytes + 2 * hiddenBytes + 2 * edgeBytes);
        long packedX = table + tableBytes;
        long hidden = packedX + xBytes;
        long packedHidden = hidden + hiddenBytes;
        long edge = packedHidden + hiddenBytes;
        gather(table, blocks.first(block), rows);
        packAll(table, rows, C, packedX);
        long stride = C * (long) Float.BYTES;
        Output y = outputs[worker].rows(
                this.y + first * stride, stride, 0, 0, downBias + expert * stride, Optional.empty());
        int chunks = Gemm.chunks(F);
        for (int chunk = 0; chunk < chunks; chunk++) {
            int from = Gemm.chunk(F, chunk);
            int depth = Gemm.chunk(F, chunk + 1) - from;
            Output h = hiddenOutput(worker, hidden, first, expert, from, depth);
            hiddenChunk(rows, expert, from, depth, packedX, h, edge + edgeBytes);
            Packing.strided(table, hidden, depth * (long) Float.BYTES, rows);
            Packing.rows(table, rows, 0, depth, packedHidden);
            long weight = down + expert * downLayout.matrixBytes() + from * GemmTile.ROW_BYTES;
            Gemm.multiplyPanels(
                    rows,
                    depth,
                    packedHidden,
                    downLayout,
                    weight,
                    0,
                    downLayout.panels(),
                    y,
                    edge,
                    chunk > 0,
                    chunk == chunks - 1);
        }
    }

    /// The hidden chunk in scratch, addressed as if it began with column 0.
    private Output hiddenOutput(int worker, long hidden, long firstRow, int expert, int from, int depth) {
        long bytes = F * (long) Float.BYTES;
        return hiddens[worker].rows(
                hidden - from * (long) Float.BYTES,
                depth * (long) Float.BYTES,
                pre == 0 ? 0 : pre + firstRow * bytes,
                bytes,
                upBias + expert * bytes,
                form);
    }

    private void hiddenChunk(int rows, int expert, int from, int depth, long packedX, Output hidden, long edge) {
        int firstPanel = from / GemmTile.WIDTH;
        int lastPanel = Math.ceilDiv(from + depth, GemmTile.WIDTH);
        int chunks = Gemm.chunks(C);
        for (int chunk = 0; chunk < chunks; chunk++) {
            int first = Gemm.chunk(C, chunk);
            long weight = up + expert * upLayout.matrixBytes() + first * GemmTile.ROW_BYTES;
            Gemm.multiplyPanels(
                    rows,
                    Gemm.chunk(C, chunk + 1) - first,
                    packedX + (long) rows * first * Float.BYTES,
                    upLayout,
                    weight,
                    firstPanel,
                    lastPanel,
                    hidden,
                    edge,
                    chunk > 0,
                    chunk == chunks - 1);
        }
    }

    /// All chunks of some rows, one after the other.
    private static void packAll(long table, int rows, int length, long out) {
        for (int chunk = 0; chunk < Gemm.chunks(length); chunk++) {
            int first = Gemm.chunk(length, chunk);
            int depth = Gemm.chunk(length, chunk + 1) - first;
            Packing.rows(table, rows, first * (long) Float.BYTES, depth, out + (long) rows * first * Float.BYTES);
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
        operands(dExpertY, x, weights, rows, K, form);
        dx = CpuStorage.address(dExpertX);
        pre = CpuStorage.address(preActivation);
        dUp = CpuStorage.address(dWeights.up());
        dUpBias = CpuStorage.address(dWeights.upBias());
        dDown = CpuStorage.address(dWeights.down());
        dDownBias = CpuStorage.address(dWeights.downBias());
        long R = dExpertY.shape().rows();
        cut(rows, R, Integer.MAX_VALUE);
        checkChoices();
        columnBlocks = Split.parts(F, Gemm.COLUMNS);
        workers.run(blocks.count() * columnBlocks, downGradient);
        cut(rows, R, Gemm.GRADIENT_ROWS);
        workers.run(blocks.count(), dataGradient);
        cut(rows, R, Integer.MAX_VALUE);
        columnBlocks = Split.parts(C, Gemm.COLUMNS);
        panelChunks = Chunks.panels(blocks.count() * columnBlocks, upLayout.panels(), workers.threads());
        workers.run(blocks.count() * columnBlocks * panelChunks, upGradient);
    }

    private void downGradientBlock(int task, int worker) {
        int block = task / columnBlocks;
        int rows = blocks.rows(block);
        int expert = blocks.expert(block);
        int first = Split.first(F, columnBlocks, task % columnBlocks);
        int last = Split.first(F, columnBlocks, task % columnBlocks + 1);
        long tableBytes = Packing.tableBytes(rows);
        long table = workers.workspace(worker).address(tableBytes + Gemm.weightGradientBytes(rows, last - first));
        long hiddenStride = F * (long) Float.BYTES;
        long stride = C * (long) Float.BYTES;
        Packing.strided(table, pre + blocks.first(block) * hiddenStride, hiddenStride, rows);
        Gemm.weightGradient(
                table + tableBytes,
                table,
                rows,
                downLayout,
                dDown + expert * downLayout.matrixBytes(),
                first == 0 ? dDownBias + expert * stride : 0,
                0,
                downLayout.panels(),
                first,
                last,
                y + blocks.first(block) * stride,
                stride,
                form);
    }

    private void dataGradientBlock(int block, int worker) {
        int rows = blocks.rows(block);
        long first = blocks.first(block);
        int expert = blocks.expert(block);
        long tableBytes = Packing.tableBytes(rows);
        long yBytes = Gemm.packedBytes(rows, C);
        long hiddenBytes = Gemm.packedBytes(rows, Gemm.longestChunk(F));
        long edgeBytes = rows * GemmTile.ROW_BYTES;
        long transposedBytes = Math.max(Gemm.transposedBytes(C), Gemm.transposedBytes(F));
        long table = workers.workspace(worker)
                .address(tableBytes + yBytes + 2 * hiddenBytes + 2 * edgeBytes + transposedBytes);
        long packedY = table + tableBytes;
        long hidden = packedY + yBytes;
        long packedHidden = hidden + hiddenBytes;
        long edge = packedHidden + hiddenBytes;
        long transposed = edge + 2 * edgeBytes;
        long stride = C * (long) Float.BYTES;
        long preStride = F * (long) Float.BYTES;
        Packing.strided(table, y + first * stride, stride, rows);
        packAll(table, rows, C, packedY);
        Packing.strided(table, pre + first * preStride, preStride, rows);
        Output dX = outputs[worker].rows(dx + first * stride, stride);
        int chunks = Gemm.chunks(F);
        for (int chunk = 0; chunk < chunks; chunk++) {
            int from = Gemm.chunk(F, chunk);
            int depth = Gemm.chunk(F, chunk + 1) - from;
            long hiddenStride = depth * (long) Float.BYTES;
            Output h = hiddens[worker].rows(hidden - from * (long) Float.BYTES, hiddenStride);
            hiddenGradient(rows, expert, from, depth, packedY, h, edge + edgeBytes, transposed);
            long preAt = pre + first * preStride + from * (long) Float.BYTES;
            for (int r = 0; r < rows; r++) {
                long target = preAt + r * preStride;
                CpuGelu.applyDerivative(target, hidden + r * hiddenStride, target, depth, derivative);
            }
            Packing.rows(table, rows, from * (long) Float.BYTES, depth, packedHidden);
            long weight = up + expert * upLayout.matrixBytes();
            Gemm.multiplyTransposed(
                    rows,
                    depth,
                    packedHidden,
                    upLayout,
                    weight,
                    from,
                    0,
                    downLayout.panels(),
                    dX,
                    edge,
                    transposed,
                    chunk > 0,
                    chunk == chunks - 1);
        }
    }

    private void hiddenGradient(
            int rows, int expert, int from, int depth, long packedY, Output hidden, long edge, long transposed) {
        int chunks = Gemm.chunks(C);
        for (int chunk = 0; chunk < chunks; chunk++) {
            int first = Gemm.chunk(C, chunk);
            Gemm.multiplyTransposed(
                    rows,
                    Gemm.chunk(C, chunk + 1) - first,
                    packedY + (long) rows * first * Float.BYTES,
                    downLayout,
                    down + expert * downLayout.matrixBytes(),
                    first,
                    from / GemmTile.WIDTH,
                    Math.ceilDiv(from + depth, GemmTile.WIDTH),
                    hidden,
                    edge,
                    transposed,
                    chunk > 0,
                    chunk == chunks - 1);
        }
    }

    private void upGradientBlock(int task, int worker) {
        int block = task / (columnBlocks * panelChunks);
        int columnBlock = task / panelChunks % columnBlocks;
        int chunk = task % panelChunks;
        int rows = blocks.rows(block);
        int expert = blocks.expert(block);
        int first = Split.first(C, columnBlocks, columnBlock);
        int last = Split.first(C, columnBlocks, columnBlock + 1);
        long tableBytes = Packing.tableBytes(rows);
        long table = workers.workspace(worker).address(tableBytes + Gemm.weightGradientBytes(rows, last - first));
        long preStride = F * (long) Float.BYTES;
        gather(table, blocks.first(block), rows);
        Gemm.weightGradient(
                table + tableBytes,
                table,
                rows,
                upLayout,
                dUp + expert * upLayout.matrixBytes(),
                first == 0 ? dUpBias + expert * preStride : 0,
                Split.first(upLayout.panels(), panelChunks, chunk),
                Split.first(upLayout.panels(), panelChunks, chunk + 1),
                first,
                last,
                pre + blocks.first(block) * preStride,
                preStride,
                Optional.empty());
    }
}
