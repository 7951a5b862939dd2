package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.engine.kernel.Linear;
import java.util.Optional;

final class ReferenceLinear implements Linear {
    @Override
    public void forward(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias) {
        int rows = Math.toIntExact(x.shape().rows());
        ReferenceProduct.forward(y, Optional.empty(), x, 0, rows, weight, bias, sum -> sum);
    }

    @Override
    public void forwardGelu(
            Tensor yTensor,
            Optional<Tensor> preActivation,
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            GeluForm form) {
        int rows = Math.toIntExact(x.shape().rows());
        ReferenceProduct.forward(
                yTensor, preActivation, x, 0, rows, weight, bias, sum -> ReferenceGelu.value(sum, form));
    }

    @Override
    public void backwardData(Tensor dx, Tensor dy, Tensor weight) {
        ReferenceProduct.backwardData(dx, dy, 0, Math.toIntExact(dx.shape().rows()), weight);
    }

    @Override
    public void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x) {
        ReferenceProduct.backwardWeight(
                dWeight, dBias, dy, x, 0, Math.toIntExact(x.shape().rows()));
    }
}
