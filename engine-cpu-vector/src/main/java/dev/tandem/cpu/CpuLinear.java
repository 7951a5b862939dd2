package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.engine.kernel.Linear;
import java.util.Optional;

/// One matrix product: tasks of (row block, column chunk).
final class CpuLinear implements Linear {
    private final Workers workers;
    private final LayerProducts layer;
    private final Workers.Task forward = this::forwardBlock;
    private final Workers.Task dataGradient = this::dataGradientBlock;
    private final Workers.Task weightGradient = this::weightGradientBlock;

    private int N;
    private int rowBlocks;
    private int columnBlocks;
    private int chunks;

    CpuLinear(Workers workers, HeldMemory held) {
        this.workers = workers;
        layer = new LayerProducts(workers, held);
    }

    @Override
    public void forward(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias) {
        forward(y, Optional.empty(), x, weight, bias, Optional.empty());
    }

    @Override
    public void forwardGelu(
            Tensor y, Optional<Tensor> preActivation, Tensor x, Tensor weight, Optional<Tensor> bias, GeluForm form) {
        forward(y, preActivation, x, weight, bias, LayerProducts.optional(form));
    }

    private void forward(
            Tensor y,
            Optional<Tensor> preActivation,
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            Optional<GeluForm> form) {
        operands(y, x, weight, bias);
        layer.activation(preActivation, form);
        rowBlocks = Chunks.rows(N, Gemm.FORWARD_ROWS, workers.threads());
        chunks = Chunks.columns(rowBlocks, N, layer.panels(), workers.threads());
        workers.run(rowBlocks * chunks, forward);
    }

    private void operands(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias) {
        N = Math.toIntExact(x.shape().rows());
        layer.operands(y, x, weight, bias);
    }

    private int first(int block) {
        return Split.first(N, rowBlocks, block);
    }

    private int rows(int block) {
        return first(block + 1) - first(block);
    }

    private void forwardBlock(int task, int worker) {
        int block = task % rowBlocks;
        // With one block of rows, a worker's chunks are adjacent: its last panel asks for where its next chunk begins.
        boolean adjacent = rowBlocks == 1;
        int chunk = adjacent ? workers.place(task, chunks) : task / rowBlocks;
        layer.forward(worker, block, first(block), rows(block), LayerProducts.ONLY, chunk, chunks, adjacent);
    }

    @Override
    public void backwardData(Tensor dx, Tensor dy, Tensor weight) {
        operands(dy, dx, weight, Optional.empty());
        rowBlocks = Chunks.rows(N, DataGradient.rows(layer.out()), workers.threads());
        chunks = Chunks.columns(rowBlocks, N, layer.panelsOfIn(), workers.threads());
        workers.run(rowBlocks * chunks, dataGradient);
    }

    private void dataGradientBlock(int task, int worker) {
        int block = task % rowBlocks;
        int rows = rows(block);
        // With several blocks of rows, all but the first find the weights in a cache.
        boolean byTokens = rowBlocks == 1 && TokenPanels.pay(layer.out(), rows);
        layer.dataGradient(worker, byTokens, block, first(block), rows, LayerProducts.ONLY, task / rowBlocks, chunks);
    }

    @Override
    public void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x) {
        operands(dy, x, dWeight, dBias);
        columnBlocks = Chunks.columnBlocks(layer.in(), layer.panels(), workers.threads());
        chunks = Chunks.panels(columnBlocks, layer.panels(), workers.threads());
        workers.run(columnBlocks * chunks, weightGradient);
    }

    private void weightGradientBlock(int task, int worker) {
        layer.weightGradient(
                worker, 0, N, LayerProducts.ONLY, task % columnBlocks, columnBlocks, task / columnBlocks, chunks);
    }
}
