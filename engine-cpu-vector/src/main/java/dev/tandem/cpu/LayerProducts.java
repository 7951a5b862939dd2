package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

/// The products of a layer, or of one layer per expert, each for one block of rows at a time: see
/// [Gemm].
final class LayerProducts {
    /// The expert where there is but one layer.
    static final int ONLY = 0;

    private static final Optional<GeluForm> ERF = Optional.of(GeluForm.ERF);
    private static final Optional<GeluForm> TANH = Optional.of(GeluForm.TANH);

    private final Workers workers;
    private final RowOutput[] outputs;
    private final WeightGradient[] gradients;
    private final PackedRows packed;

    private PanelLayout layout = new PanelLayout(1, 1, 1);
    private Optional<GeluForm> form = Optional.empty();
    private long x;
    private long xStride;
    private long y;
    private long yStride;
    private long pre;
    private long weight;
    private long bias;

    LayerProducts(Workers workers, HeldMemory held) {
        this.workers = workers;
        outputs = RowOutput.perWorker(workers, held);
        gradients = WeightGradient.perWorker(workers, held);
        packed = new PackedRows(workers);
    }

    /// Without allocating.
    static Optional<GeluForm> optional(GeluForm form) {
        return switch (form) {
            case ERF -> ERF;
            case TANH -> TANH;
        };
    }

    /// Begins a call. Backward, y stands for dy, and x or the weight for the gradient that is wanted.
    void operands(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias) {
        packed.forget();
        layout = CpuStorage.layout(weight);
        xStride = layout.in() * (long) Float.BYTES;
        yStride = layout.out() * (long) Float.BYTES;
        this.x = CpuStorage.address(x);
        this.y = CpuStorage.address(y);
        this.weight = CpuStorage.address(weight);
        this.bias = CpuStorage.address(bias);
        activation(Optional.empty(), Optional.empty());
    }

    /// Where a forward product leaves its pre-activation, and what it applies.
    void activation(Optional<Tensor> preActivation, Optional<GeluForm> form) {
        pre = CpuStorage.address(preActivation);
        this.form = form;
    }

    int in() {
        return layout.in();
    }

    int out() {
        return layout.out();
    }

    /// Panels of the result of a forward product.
    int panels() {
        return layout.panels();
    }

    /// The same of a data gradient.
    int panelsOfIn() {
        return Math.ceilDiv(layout.in(), GemmTile.WIDTH);
    }

    /// `y = x·Wᵀ`, finished, for a chunk of the panels.
    ///
    /// @param block of rows, which this worker may have packed for another chunk
    /// @param goesOn whether this worker takes the next chunk next
    void forward(int worker, int block, int first, int rows, int expert, int chunk, int chunks, boolean goesOn) {
        long tableBytes = Packing.tableBytes(rows);
        long table = workers.workspace(worker).address(tableBytes + Gemm.forwardBytes(rows, layout, chunks));
        Packing.strided(table, x + first * xStride, xStride, rows);
        Gemm.forward(
                table + tableBytes,
                table,
                rows,
                packed.turnTo(worker, block),
                layout,
                weight + expert * layout.matrixBytes(),
                Gemm.firstPanel(layout, chunks, chunk),
                Gemm.firstPanel(layout, chunks, chunk + 1),
                goesOn,
                outputs[worker].rows(
                        y + first * yStride,
                        yStride,
                        pre == 0 ? 0 : pre + first * yStride,
                        bias == 0 ? 0 : bias + expert * yStride,
                        form));
    }

    /// `dx = dy·W` for a chunk of the panels.
    ///
    /// @param byTokens whether by [TokenPanels]
    void dataGradient(int worker, boolean byTokens, int block, int first, int rows, int expert, int chunk, int chunks) {
        int panels = panelsOfIn();
        long tableBytes = Packing.tableBytes(rows);
        long bytes = DataGradient.bytes(byTokens, rows, layout.out(), Math.ceilDiv(panels, chunks));
        long table = workers.workspace(worker).address(tableBytes + bytes);
        Packing.strided(table, y + first * yStride, yStride, rows);
        DataGradient.compute(
                byTokens,
                table + tableBytes,
                table,
                rows,
                packed.turnTo(worker, block),
                layout,
                weight + expert * layout.matrixBytes(),
                Split.first(panels, chunks, chunk),
                Split.first(panels, chunks, chunk + 1),
                outputs[worker].rows(x + first * xStride, xStride));
    }

    /// `dW += dyᵀ·x` for a block of columns and a chunk of the panels.
    void weightGradient(
            int worker, int first, int rows, int expert, int columnBlock, int columnBlocks, int chunk, int chunks) {
        long tableBytes = Packing.tableBytes(rows);
        long table = workers.workspace(worker).address(tableBytes + WeightGradient.bytes(rows, layout.in()));
        Packing.strided(table, x + first * xStride, xStride, rows);
        WeightGradient gradient = gradients[worker];
        gradient.of(layout, weight, bias, expert, rows);
        gradient.gathered(table);
        gradient.rows(y + first * yStride, yStride);
        gradient.add(table + tableBytes, columnBlock, columnBlocks, chunk, chunks);
    }
}
