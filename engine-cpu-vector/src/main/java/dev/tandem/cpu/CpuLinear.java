package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.engine.kernel.Linear;
import java.util.Optional;

/// One matrix product: tasks of (row block, column chunk).
final class CpuLinear implements Linear {
    private final Workers workers;
    private final RowOutput[] outputs;
    private final WeightGradient[] gradients;
    private final PackedRows packed;
    private final Workers.Task forward = this::forwardBlock;
    private final Workers.Task dataGradient = this::dataGradientBlock;
    private final Workers.Task weightGradient = this::weightGradientBlock;

    private PanelLayout layout = new PanelLayout(1, 1, 1);
    private Optional<GeluForm> form = Optional.empty();
    private int N;
    private int rowBlocks;
    private int columnChunks;
    private int columnBlocks;
    private int panelChunks;
    private long x;
    private long y;
    private long pre;
    private long weight;
    private long bias;

    CpuLinear(Workers workers, HeldMemory held) {
        this.workers = workers;
        outputs = RowOutput.perWorker(workers, held);
        gradients = WeightGradient.perWorker(workers, held);
        packed = new PackedRows(workers);
    }

    @Override
    public void forward(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias) {
        forward(y, Optional.empty(), x, weight, bias, Optional.empty());
    }

    @Override
    public void forwardGelu(
            Tensor y, Optional<Tensor> preActivation, Tensor x, Tensor weight, Optional<Tensor> bias, GeluForm form) {
        forward(y, preActivation, x, weight, bias, CpuExpertLinear.present(form));
    }

    private void forward(
            Tensor y,
            Optional<Tensor> preActivation,
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            Optional<GeluForm> form) {
        operands(y, x, weight);
        this.form = form;
        this.pre = CpuExpertLinear.address(preActivation);
        this.bias = CpuExpertLinear.address(bias);
        rowBlocks = Chunks.rows(N, Gemm.FORWARD_ROWS, workers.threads());
        columnChunks = Chunks.columns(rowBlocks, N, layout.panels(), workers.threads());
        workers.run(rowBlocks * columnChunks, forward);
    }

    private void operands(Tensor y, Tensor x, Tensor weight) {
        packed.forget();
        layout = CpuExpertLinear.layout(weight);
        N = Math.toIntExact(x.shape().rows());
        this.x = CpuStorage.address(x);
        this.y = CpuStorage.address(y);
        this.weight = CpuStorage.address(weight);
    }

    private void forwardBlock(int task, int worker) {
        int block = task % rowBlocks;
        int chunk = task / rowBlocks;
        int first = Split.first(N, rowBlocks, block);
        int rows = Split.first(N, rowBlocks, block + 1) - first;
        long tableBytes = Packing.tableBytes(rows);
        long table = workers.workspace(worker).address(tableBytes + Gemm.forwardBytes(rows, layout, columnChunks));
        long xStride = layout.in() * (long) Float.BYTES;
        long stride = layout.out() * (long) Float.BYTES;
        Packing.strided(table, x + first * xStride, xStride, rows);
        Gemm.forward(
                table + tableBytes,
                table,
                rows,
                packed.turnTo(worker, block),
                layout,
                weight,
                Gemm.firstPanel(layout, columnChunks, chunk),
                Gemm.firstPanel(layout, columnChunks, chunk + 1),
                outputs[worker].rows(y + first * stride, stride, pre == 0 ? 0 : pre + first * stride, bias, form));
    }

    @Override
    public void backwardData(Tensor dx, Tensor dy, Tensor weight) {
        operands(dy, dx, weight);
        rowBlocks = Chunks.rows(N, DataGradient.rows(layout.out()), workers.threads());
        columnChunks = Chunks.columns(rowBlocks, N, panelsOfIn(), workers.threads());
        workers.run(rowBlocks * columnChunks, dataGradient);
    }

    private int panelsOfIn() {
        return Math.ceilDiv(layout.in(), GemmTile.WIDTH);
    }

    private void dataGradientBlock(int task, int worker) {
        int block = task % rowBlocks;
        int chunk = task / rowBlocks;
        int first = Split.first(N, rowBlocks, block);
        int rows = Split.first(N, rowBlocks, block + 1) - first;
        // With several blocks of rows, all but the first find the weights in a cache.
        boolean byTokens = rowBlocks == 1 && TokenPanels.pay(layout.out(), rows);
        long tableBytes = Packing.tableBytes(rows);
        long table = workers.workspace(worker)
                .address(tableBytes
                        + DataGradient.bytes(byTokens, rows, layout.out(), Math.ceilDiv(panelsOfIn(), columnChunks)));
        long xStride = layout.in() * (long) Float.BYTES;
        long yStride = layout.out() * (long) Float.BYTES;
        Packing.strided(table, y + first * yStride, yStride, rows);
        DataGradient.compute(
                byTokens,
                table + tableBytes,
                table,
                rows,
                packed.turnTo(worker, block),
                layout,
                weight,
                Split.first(panelsOfIn(), columnChunks, chunk),
                Split.first(panelsOfIn(), columnChunks, chunk + 1),
                outputs[worker].rows(x + first * xStride, xStride));
    }

    @Override
    public void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x) {
        operands(dy, x, dWeight);
        bias = CpuExpertLinear.address(dBias);
        columnBlocks = Chunks.columnBlocks(layout.in(), layout.panels(), workers.threads());
        panelChunks = Chunks.panels(columnBlocks, layout.panels(), workers.threads());
        workers.run(columnBlocks * panelChunks, weightGradient);
    }

    private void weightGradientBlock(int task, int worker) {
        long tableBytes = Packing.tableBytes(N);
        long table = workers.workspace(worker).address(tableBytes + WeightGradient.bytes(N, layout.in()));
        long xStride = layout.in() * (long) Float.BYTES;
        Packing.strided(table, x, xStride, N);
        WeightGradient gradient = gradients[worker];
        gradient.of(layout, weight, bias, 0, N);
        gradient.gathered(table);
        gradient.rows(y, layout.out() * (long) Float.BYTES);
        gradient.add(table + tableBytes, task % columnBlocks, columnBlocks, task / columnBlocks, panelChunks);
    }
}
