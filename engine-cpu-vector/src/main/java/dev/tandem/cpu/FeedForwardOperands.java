package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.GeluForm;

/// What the forward and the backward tasks of [CpuExpertFeedForward] read: sizes, addresses, rows of experts.
final class FeedForwardOperands {
    final ExpertBlocks blocks = new ExpertBlocks();
    final SavedHidden pre = new SavedHidden();
    GeluForm form = GeluForm.ERF;
    PanelLayout upLayout = new PanelLayout(1, 1, 1);
    PanelLayout downLayout = new PanelLayout(1, 1, 1);
    int C;
    int F;
    /// The experts' outputs, or backward their gradients.
    long y;
    long up;
    long upBias;
    long down;
    long downBias;
    /// Bytes of a row of C, and of a row of F.
    long stride;
    long hiddenStride;

    private int N;
    private int K;
    private long x;
    private long choiceOf;

    void set(
            Tensor expertY,
            long preActivation,
            Tensor x,
            FeedForwardWeights weights,
            ExpertRows rows,
            int K,
            GeluForm form) {
        upLayout = CpuStorage.layout(weights.up());
        downLayout = CpuStorage.layout(weights.down());
        C = upLayout.in();
        F = upLayout.out();
        stride = C * (long) Float.BYTES;
        hiddenStride = F * (long) Float.BYTES;
        N = Math.toIntExact(x.shape().rows());
        this.K = K;
        this.form = form;
        this.x = CpuStorage.address(x);
        pre.set(preActivation, Math.toIntExact(expertY.shape().rows()), F);
        y = CpuStorage.address(expertY);
        up = CpuStorage.address(weights.up());
        upBias = CpuStorage.address(weights.upBias());
        down = CpuStorage.address(weights.down());
        downBias = CpuStorage.address(weights.downBias());
        choiceOf = CpuStorage.address(rows.choiceOf());
    }

    /// Cuts the rows into blocks.
    ///
    /// @param R rows of the buffer
    /// @param most rows of a block
    void cut(ExpertRows rows, long R, int most) {
        blocks.cut(rows, Math.toIntExact(rows.counts().shape().elements()), R, most);
    }

    /// Checks the choices in all blocks, whatever their size.
    void checkChoices() {
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

    /// Writes the addresses of the rows of x that belong to a block.
    void gather(long table, int block) {
        int rows = blocks.rows(block);
        for (int r = 0; r < rows; r++) {
            Lanes.setLong(table + r * (long) Long.BYTES, x + token(blocks.first(block) + r) * stride);
        }
        Packing.closeTable(table, rows);
    }
}
