package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLinear;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

/// One product per expert: tasks of (block of an expert's rows, column chunk), largest first.
final class CpuExpertLinear implements ExpertLinear {
    private final Workers workers;
    private final LayerProducts layers;
    private final ExpertBlocks blocks = new ExpertBlocks();
    private final Workers.Task forward = this::forwardBlock;
    private final Workers.Task dataGradient = this::dataGradientBlock;
    private final Workers.Task weightGradient = this::weightGradientBlock;

    private int columnBlocks;
    private int chunks;

    CpuExpertLinear(Workers workers, HeldMemory held) {
        this.workers = workers;
        layers = new LayerProducts(workers, held);
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
        forward(y, preActivation, x, weight, bias, rows, LayerProducts.optional(form));
    }

    private void forward(
            Tensor y,
            Optional<Tensor> preActivation,
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            ExpertRows rows,
            Optional<GeluForm> form) {
        layers.operands(y, x, weight, bias);
        layers.activation(preActivation, form);
        cut(rows, weight, x, Gemm.FORWARD_ROWS);
        chunks = Chunks.columns(blocks.count(), blocks.mostRows(), layers.panels(), workers.threads());
        workers.run(blocks.count() * chunks, forward);
    }

    /// @param most rows of a block
    private void cut(ExpertRows rows, Tensor weight, Tensor x, int most) {
        blocks.cut(rows, weight.shape().extent(0), x.shape().rows(), most);
    }

    private void forwardBlock(int task, int worker) {
        int block = task / chunks;
        layers.forward(
                worker,
                block,
                blocks.first(block),
                blocks.rows(block),
                blocks.expert(block),
                task % chunks,
                chunks,
                false);
    }

    @Override
    public void backwardData(Tensor dx, Tensor dy, Tensor weight, ExpertRows rows) {
        layers.operands(dy, dx, weight, Optional.empty());
        cut(rows, weight, dx, DataGradient.ROWS);
        chunks = Chunks.columns(blocks.count(), blocks.mostRows(), layers.panelsOfIn(), workers.threads());
        workers.run(blocks.count() * chunks, dataGradient);
    }

    private void dataGradientBlock(int task, int worker) {
        int block = task / chunks;
        int rows = blocks.rows(block);
        boolean byTokens = TokenPanels.pay(layers.out(), rows);
        layers.dataGradient(
                worker, byTokens, block, blocks.first(block), rows, blocks.expert(block), task % chunks, chunks);
    }

    @Override
    public void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x, ExpertRows rows) {
        layers.operands(dy, x, dWeight, dBias);
        cut(rows, dWeight, x, Integer.MAX_VALUE);
        columnBlocks = Split.parts(layers.in(), WeightGradient.COLUMNS);
        chunks = Chunks.panels(blocks.count() * columnBlocks, layers.panels(), workers.threads());
        workers.run(blocks.count() * columnBlocks * chunks, weightGradient);
    }

    private void weightGradientBlock(int task, int worker) {
        int block = task / (columnBlocks * chunks);
        layers.weightGradient(
                worker,
                blocks.first(block),
                blocks.rows(block),
                blocks.expert(block),
                task / chunks % columnBlocks,
                columnBlocks,
                task % chunks,
                chunks);
    }
}
