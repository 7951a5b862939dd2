package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;

/// The matrix product with one weight `[out, in]` over rows `first … first + count − 1`, which
/// [ReferenceLinear] and [ReferenceExpertLinear] have in common.
final class ReferenceProduct {
    private ReferenceProduct() {}

    /// `preActivation = x·weightᵀ + bias`, `y = activation(preActivation)`.
    static void forward(
            Tensor yTensor,
            Optional<Tensor> preActivationTensor,
            Tensor xTensor,
            int first,
            int count,
            Tensor weightTensor,
            Optional<Tensor> biasTensor,
            DoubleUnaryOperator activation) {
        Values y = Values.of(yTensor);
        Optional<Values> preActivation = preActivationTensor.map(Values::of);
        Values x = Values.of(xTensor);
        Values weight = Values.of(weightTensor);
        Optional<Values> bias = biasTensor.map(Values::of);
        int out = weightTensor.shape().extent(0);
        int in = weightTensor.shape().extent(1);
        for (int n = first; n < first + count; n++) {
            for (int o = 0; o < out; o++) {
                double sum = bias.isPresent() ? bias.get().get(o) : 0;
                for (int i = 0; i < in; i++) {
                    sum += x.get(n * in + i) * weight.get(o * in + i);
                }
                if (preActivation.isPresent()) {
                    preActivation.get().set(n * out + o, sum);
                }
                y.set(n * out + o, activation.applyAsDouble(sum));
            }
        }
    }

    static void backwardData(Tensor dxTensor, Tensor dyTensor, int first, int count, Tensor weightTensor) {
        Values dx = Values.of(dxTensor);
        Values dy = Values.of(dyTensor);
        Values weight = Values.of(weightTensor);
        int out = weightTensor.shape().extent(0);
        int in = weightTensor.shape().extent(1);
        for (int n = first; n < first + count; n++) {
            for (int i = 0; i < in; i++) {
                double sum = 0;
                for (int o = 0; o < out; o++) {
                    sum += dy.get(n * out + o) * weight.get(o * in + i);
                }
                dx.set(n * in + i, sum);
            }
        }
    }

    static void backwardWeight(
            Tensor dWeightTensor, Optional<Tensor> dBiasTensor, Tensor dyTensor, Tensor xTensor, int first, int count) {
        Values dWeight = Values.of(dWeightTensor);
        Optional<Values> dBias = dBiasTensor.map(Values::of);
        Values dy = Values.of(dyTensor);
        Values x = Values.of(xTensor);
        int out = dWeightTensor.shape().extent(0);
        int in = dWeightTensor.shape().extent(1);
        for (int n = first; n < first + count; n++) {
            for (int o = 0; o < out; o++) {
                double gradient = dy.get(n * out + o);
                if (dBias.isPresent()) {
                    dBias.get().add(o, gradient);
                }
                for (int i = 0; i < in; i++) {
                    dWeight.add(o * in + i, gradient * x.get(n * in + i));
                }
            }
        }
    }
}
