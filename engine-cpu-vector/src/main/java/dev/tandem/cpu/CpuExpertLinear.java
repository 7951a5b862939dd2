package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLinear;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

/// One product per expert: tasks of (block of an expert's rows, column chunk), largest first.
final class CpuExpertLinear implements ExpertLinear {
    private static final Optional<GeluForm> ERF = Optional.of(GeluForm.ERF);
    private static final Optional<GeluForm> TANH = Optional.of(GeluForm.TANH);

    private final Workers workers;
    private final RowOutput[] outputs;
    private final WeightGradient[] gradients;
    private final PackedRows packed;
    private final ExpertBlocks blocks = new ExpertBlocks();
    private final Workers.Task forward = this::forwardBlock;
    private final Workers.Task dataGradient = this::dataGradientBlock;
    private final Workers.Task weightGradient = this::weightGradientBlock;

    private PanelLayout layout = new PanelLayout(1, 1, 1);
    private Optional<GeluForm> form = Optional.empty();
    private int E;
    private long R;
    private int chunks;
    private int columnBlocks;
    private long x;
    private long y;
    private long pre;
    private long weight;
    private long bias;

    CpuExpertLinear(Workers workers, HeldMemory held) {
        this.workers = workers;
        outputs = RowOutput.perWorker(workers, held);
        gradients = WeightGradient.perWorker(workers, held);
        packed = new PackedRows(workers);
    }

    static Optional<GeluForm> present(GeluForm form) {
        return switch (form) {
            case ERF -> ERF;
            case TANH -> TANH;
        };
    }

    /// Address of an operand, 0 if absent.
    static long address(Optional<Tensor> tensor) {
        return tensor.isPresent() ? CpuStorage.address(tensor.get()) : 0;
    }

    static PanelLayout layout(Tensor weight) {
        return CpuStorage.of(weight).layout().orElseThrow();
    }

    @Override
    public void forward(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias, ExpertRows rows) {
        forward(y, Optional.empty(), x, weight, bias, rows, Optional.empty());
    }

    @Override
    public void forwardGelu(
            Tensor y,
            Optional<Tensor> preActivation,
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            ExpertRows rows,
            GeluForm form) {
        forward(y, preActivation, x, weight, bias, rows, present(form));
    }

    private void forward(
            Tensor y,
            Optional<Tensor> preActivation,
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            ExpertRows rows,
            Optional<GeluForm> form) {
        operands(y, x, weight);
        this.form = form;
        this.pre = address(preActivation);
        this.bias = address(bias);
        blocks.cut(rows, E, R, Gemm.FORWARD_ROWS);
        chunks = Chunks.columns(blocks.count(), blocks.mostRows(), layout.panels(), workers.threads());
        workers.run(blocks.count() * chunks, forward);
    }

    private void operands(Tensor y, Tensor x, Tensor weight) {
        packed.forget();
        layout = layout(weight);
        E = weight.shape().extent(0);
        R = x.shape().rows();
        this.x = CpuStorage.address(x);
        this.y = CpuStorage.address(y);
        this.weight = CpuStorage.address(weight);
    }

    private void forwardBlock(int task, int worker) {
        int block = task / chunks;
        int chunk = task % chunks;
        int rows = blocks.rows(block);
        int expert = blocks.expert(block);
        long tableBytes = Packing.tableBytes(rows);
        long table = workers.workspace(worker).address(tableBytes + Gemm.forwardBytes(rows, layout, chunks));
        long xStride = layout.in() * (long) Float.BYTES;
        long stride = layout.out() * (long) Float.BYTES;
        Packing.strided(table, x + blocks.first(block) * xStride, xStride, rows);
        Gemm.forward(
                table + tableBytes,
                table,
                rows,
                packed.turnTo(worker, block),
                layout,
                weight + expert * layout.matrixBytes(),
                Gemm.firstPanel(layout, chunks, chunk),
                Gemm.firstPanel(layout, chunks, chunk + 1),
                outputs[worker].rows(
                        y + blocks.first(block) * stride,
                        stride,
                        pre == 0 ? 0 : pre + blocks.first(block) * stride,
                        bias == 0 ? 0 : bias + expert * stride,
                        form));
    }

    @Override
    public void backwardData(Tensor dx, Tensor dy, Tensor weight, ExpertRows rows) {
        operands(dy, dx, weight);
        blocks.cut(rows, E, R, DataGradient.ROWS);
        chunks = Chunks.columns(blocks.count(), blocks.mostRows(), panelsOfIn(), workers.threads());
        workers.run(blocks.count() * chunks, dataGradient);
    }

    private int panelsOfIn() {
        return Math.ceilDiv(layout.in(), GemmTile.WIDTH);
    }

    private void dataGradientBlock(int task, int worker) {
        int block = task / chunks;
        int chunk = task % chunks;
        int rows = blocks.rows(block);
        boolean byTokens = TokenPanels.pay(layout.out(), rows);
        long tableBytes = Packing.tableBytes(rows);
        long table = workers.workspace(worker)
                .address(tableBytes
                        + DataGradient.bytes(byTokens, rows, layout.out(), Math.ceilDiv(panelsOfIn(), chunks)));
        long xStride = layout.in() * (long) Float.BYTES;
        long yStride = layout.out() * (long) Float.BYTES;
        Packing.strided(table, y + blocks.first(block) * yStride, yStride, rows);
        DataGradient.compute(
                byTokens,
                table + tableBytes,
                table,
                rows,
                packed.turnTo(worker, block),
                layout,
                weight + blocks.expert(block) * layout.matrixBytes(),
                Split.first(panelsOfIn(), chunks, chunk),
                Split.first(panelsOfIn(), chunks, chunk + 1),
                outputs[worker].rows(x + blocks.first(block) * xStride, xStride));
    }

    @Override
    public void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x, ExpertRows rows) {
        operands(dy, x, dWeight);
        bias = address(dBias);
        blocks.cut(rows, E, R, Integer.MAX_VALUE);
        columnBlocks = Split.parts(layout.in(), WeightGradient.COLUMNS);
        chunks = Chunks.panels(blocks.count() * columnBlocks, layout.panels(), workers.threads());
        workers.run(blocks.count() * columnBlocks * chunks, weightGradient);
    }

    private void weightGradientBlock(int task, int worker) {
        int block = task / (columnBlocks * chunks);
        int rows = blocks.rows(block);
        long tableBytes = Packing.tableBytes(rows);
        long table = workers.workspace(worker).address(tableBytes + WeightGradient.bytes(rows, layout.in()));
        long xStride = layout.in() * (long) Float.BYTES;
        long yStride = layout.out() * (long) Float.BYTES;
        Packing.strided(table, x + blocks.first(block) * xStride, xStride, rows);
        WeightGradient gradient = gradients[worker];
        gradient.of(layout, weight, bias, blocks.expert(block), rows);
        gradient.gathered(table);
        gradient.rows(y + blocks.first(block) * yStride, yStride);
        gradient.add(table + tableBytes, task / chunks % columnBlocks, columnBlocks, task % chunks, chunks);
    }
}
