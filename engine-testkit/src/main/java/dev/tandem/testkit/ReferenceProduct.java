package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

/// The matrix product with one weight `[out, in]` over rows `first … first + count − 1`, which
/// [ReferenceLinear] and [ReferenceExpertLinear] have in common.
final class ReferenceProduct {
    private ReferenceProduct() {}

    static void forward(
            Tensor yTensor, Tensor xTensor, int first, int count, Tensor weightTensor, Optional<Tensor> biasTensor) {
        Values y = Values.of(yTensor);
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
                y.set(n * out + o, sum);
            }
        }
    }

    static void activate(Tensor yTensor, Optional<Tensor> preActivationTensor, int first, int count, GeluForm form) {
        Values y = Values.of(yTensor);
        Optional<Values> preActivation = preActivationTensor.map(Values::of);
        int out = yTensor.shape().last();
        for (int i = first * out; i < (first + count) * out; i++) {
            if (preActivation.isPresent()) {
                preActivation.get().set(i, y.get(i));
            }
            y.set(i, ReferenceGelu.value(y.get(i), form));
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
