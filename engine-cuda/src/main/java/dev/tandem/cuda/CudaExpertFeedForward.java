package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertFeedForward;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

/// Products of `product.cu`, `product_weight.cu`, `product_bf16.cu`, `product_stream.cu` with the gather in their
/// loaders and the activation in their epilogues, or of [LibraryProducts]: bound by arithmetic, with eight rows
/// an expert or fewer by the bytes of the weights.
///
/// The hidden block goes through scratch, R·F elements: whoever applied the activation while loading
/// would do so for every column tile again. Backward, the product that goes back through the second
/// layer makes both what the two gradients after it need from the pre-activation that was saved:
///
///     hidden = gelu(pre)             pre    = (dY·down)·gelu'(pre)
///     dDown += dYᵀ·hidden            dX     = pre·up
///                                    dUp   += preᵀ·x, gathered
///
/// Reads `starts`, `counts` and `choiceOf` on the device and waits for nothing.
final class CudaExpertFeedForward implements ExpertFeedForward {
    /// Alignment of what shares the scratch memory.
    private static final long ALIGNMENT = 256;

    private final CudaQueue queue;
    private final TypedProducts products;

    CudaExpertFeedForward(CudaQueue queue, TypedProducts products) {
        this.queue = queue;
        this.products = products;
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
        int F = weights.up().shape().extent(1);
        int C = weights.up().shape().extent(2);
        ProductRows owned = ProductRows.of(rows);
        ProductRows gathered = owned.gathered(rows, x, K);
        Products typed = products.of(x);
        long hiddenBytes = hiddenBytes(typed, owned, F);
        DeviceAddress hidden = queue.scratch(hiddenBytes + workspaceBytes(typed, gathered, F, C));
        DeviceAddress plan = hidden.plus(hiddenBytes);
        if (!typed.streams(owned)) {
            typed.plan(owned, plan);
        }
        var up = new RowProducts.Layer(
                hidden,
                DeviceAddress.of(preActivation),
                DeviceAddress.of(x),
                DeviceAddress.of(weights.up()),
                DeviceAddress.of(weights.upBias()),
                F,
                C,
                RowProducts.form(form));
        typed.forward(up, gathered, plan);
        var down = new RowProducts.Layer(
                DeviceAddress.of(expertY),
                DeviceAddress.NONE,
                hidden,
                DeviceAddress.of(weights.down()),
                DeviceAddress.of(weights.downBias()),
                C,
                F,
                RowProducts.IDENTITY);
        typed.forward(down, owned, plan);
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
        int F = weights.up().shape().extent(1);
        int C = weights.up().shape().extent(2);
        ProductRows owned = ProductRows.of(rows);
        ProductRows gathered = owned.gathered(rows, x, K);
        Products typed = products.of(x);
        long hiddenBytes = hiddenBytes(typed, owned, F);
        DeviceAddress hidden = queue.scratch(hiddenBytes + workspaceBytes(typed, gathered, F, C));
        DeviceAddress plan = hidden.plus(hiddenBytes);
        DeviceAddress pre = DeviceAddress.of(preActivation);
        DeviceAddress dY = DeviceAddress.of(dExpertY);
        typed.plan(owned, plan);
        var throughDown = new RowProducts.Gradient(hidden, dY, DeviceAddress.of(weights.down()), C, F);
        typed.backwardGelu(throughDown, pre, RowProducts.form(form), owned, plan);
        accumulate(typed, dWeights.down(), dWeights.downBias(), dY, hidden, owned, plan);
        var throughUp = new RowProducts.Gradient(DeviceAddress.of(dExpertX), pre, DeviceAddress.of(weights.up()), F, C);
        typed.backward(throughUp, owned, plan);
        accumulate(typed, dWeights.up(), dWeights.upBias(), pre, DeviceAddress.of(x), gathered, plan);
    }

    private static void accumulate(
            Products typed,
            Tensor dWeight,
            Tensor dBias,
            DeviceAddress dy,
            DeviceAddress x,
            ProductRows rows,
            DeviceAddress workspace) {
        int out = dWeight.shape().extent(1);
        int in = dWeight.shape().extent(2);
        var gradient = new WeightProducts.Gradient(DeviceAddress.of(dWeight), DeviceAddress.of(dBias), dy, x, out, in);
        typed.accumulate(gradient, rows, workspace);
    }

    /// One for all products of the rows, the gathered ones of x among them.
    private static long workspaceBytes(Products typed, ProductRows gathered, int F, int C) {
        return Math.max(typed.workspaceBytes(gathered, F, C), typed.gradientWorkspaceBytes(gathered, F, C));
    }

    private static long hiddenBytes(Products typed, ProductRows rows, int F) {
        return Math.ceilDiv((long) rows.N() * F * typed.elementBytes(), ALIGNMENT) * ALIGNMENT;
    }
}
