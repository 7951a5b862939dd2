package dev.tandem.cuda;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.engine.kernel.Linear;
import java.util.Optional;

/// `product.cu`, `product_weight.cu`, `product_bf16.cu`, `product_stream.cu`: bound by arithmetic, with
/// eight rows or fewer by the bytes of the weight. Only operands are put together here; [Products] launch, of them
/// [LibraryProducts] what a library takes.
final class CudaLinear implements Linear {
    private final CudaQueue queue;
    private final TypedProducts products;

    CudaLinear(CudaQueue queue, TypedProducts products) {
        this.queue = queue;
        this.products = products;
    }

    @Override
    public void forward(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias) {
        forward(y, Optional.empty(), x, weight, bias, RowProducts.IDENTITY);
    }

    @Override
    public void forwardGelu(
            Tensor y, Optional<Tensor> preActivation, Tensor x, Tensor weight, Optional<Tensor> bias, GeluForm form) {
        forward(y, preActivation, x, weight, bias, RowProducts.form(form));
    }

    private void forward(
            Tensor y, Optional<Tensor> preActivation, Tensor x, Tensor weight, Optional<Tensor> bias, int form) {
        int out = weight.shape().extent(0);
        int in = weight.shape().extent(1);
        var layer = new RowProducts.Layer(
                DeviceAddress.of(y),
                DeviceAddress.of(preActivation),
                DeviceAddress.of(x),
                DeviceAddress.of(weight),
                DeviceAddress.of(bias),
                out,
                in,
                form);
        ProductRows rows = ProductRows.dense(x);
        Products typed = products.of(x);
        DeviceAddress workspace = queue.scratch(typed.workspaceBytes(rows, out, in));
        if (y.type() == ElementType.F32) {
            typed.forwardWide(layer, rows, workspace);
        } else {
            typed.forward(layer, rows, workspace);
        }
    }

    @Override
    public void backwardData(Tensor dx, Tensor dy, Tensor weight) {
        int out = weight.shape().extent(0);
        int in = weight.shape().extent(1);
        var gradient =
                new RowProducts.Gradient(DeviceAddress.of(dx), DeviceAddress.of(dy), DeviceAddress.of(weight), out, in);
        ProductRows rows = ProductRows.dense(dx);
        Products typed = products.of(dx);
        typed.backward(gradient, rows, queue.scratch(typed.workspaceBytes(rows, in, out)));
    }

    @Override
    public void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x) {
        int out = dWeight.shape().extent(0);
        int in = dWeight.shape().extent(1);
        var gradient = new WeightProducts.Gradient(
                DeviceAddress.of(dWeight), DeviceAddress.of(dBias), DeviceAddress.of(dy), DeviceAddress.of(x), out, in);
        ProductRows rows = ProductRows.dense(x);
        Products typed = products.of(x);
        typed.accumulate(gradient, rows, queue.scratch(typed.gradientWorkspaceBytes(rows, out, in)));
    }
}
