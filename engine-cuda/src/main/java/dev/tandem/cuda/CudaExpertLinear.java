package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLinear;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

/// `product.cu`, `product_weight.cu`, `product_bf16.cu`, `product_stream.cu`: bound by arithmetic, 2·Σcounts·out·in
/// FLOP each, with eight rows an expert or fewer by the bytes of the weights. Padded rows go to [LibraryProducts]
/// where there are some.
///
/// Reads `starts` and `counts` on the device and waits for nothing.
final class CudaExpertLinear implements ExpertLinear {
    private final CudaQueue queue;
    private final TypedProducts products;

    CudaExpertLinear(CudaQueue queue, TypedProducts products) {
        this.queue = queue;
        this.products = products;
    }

    @Override
    public void forward(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias, ExpertRows rows) {
        forward(y, Optional.empty(), x, weight, bias, ProductRows.of(rows), RowProducts.IDENTITY);
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
        forward(y, preActivation, x, weight, bias, ProductRows.of(rows), RowProducts.form(form));
    }

    private void forward(
            Tensor y,
            Optional<Tensor> preActivation,
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            ProductRows rows,
            int form) {
        int out = weight.shape().extent(1);
        int in = weight.shape().extent(2);
        Products typed = products.of(x);
        DeviceAddress workspace = queue.scratch(typed.workspaceBytes(rows, out, in));
        var layer = new RowProducts.Layer(
                DeviceAddress.of(y),
                DeviceAddress.of(preActivation),
                DeviceAddress.of(x),
                DeviceAddress.of(weight),
                DeviceAddress.of(bias),
                out,
                in,
                form);
        if (!typed.streams(rows)) {
            typed.plan(rows, workspace);
        }
        typed.forward(layer, rows, workspace);
    }

    @Override
    public void backwardData(Tensor dx, Tensor dy, Tensor weight, ExpertRows rows) {
        int out = weight.shape().extent(1);
        int in = weight.shape().extent(2);
        ProductRows owned = ProductRows.of(rows);
        Products typed = products.of(dx);
        DeviceAddress workspace = queue.scratch(typed.workspaceBytes(owned, in, out));
        var gradient =
                new RowProducts.Gradient(DeviceAddress.of(dx), DeviceAddress.of(dy), DeviceAddress.of(weight), out, in);
        typed.plan(owned, workspace);
        typed.backward(gradient, owned, workspace);
    }

    @Override
    public void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x, ExpertRows rows) {
        var gradient = new WeightProducts.Gradient(
                DeviceAddress.of(dWeight),
                DeviceAddress.of(dBias),
                DeviceAddress.of(dy),
                DeviceAddress.of(x),
                dWeight.shape().extent(1),
                dWeight.shape().extent(2));
        ProductRows owned = ProductRows.of(rows);
        Products typed = products.of(x);
        DeviceAddress workspace = queue.scratch(typed.gradientWorkspaceBytes(owned, gradient.out(), gradient.in()));
        typed.accumulate(gradient, owned, workspace);
    }
}
