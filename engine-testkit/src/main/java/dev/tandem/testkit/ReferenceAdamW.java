package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.AdamW;
import java.util.Optional;

final class ReferenceAdamW implements AdamW {
    @Override
    public void update(
            Tensor parameterTensor,
            Optional<Tensor> working,
            Tensor mTensor,
            Tensor vTensor,
            Tensor gradientTensor,
            Tensor normTensor,
            Moments moments,
            float learningRate,
            float weightDecay,
            float gradientScale,
            long step) {
        Values parameter = Values.of(parameterTensor);
        Values m = Values.of(mTensor);
        Values v = Values.of(vTensor);
        Values gradient = Values.of(gradientTensor);
        double clip = Values.of(normTensor).get(1);
        double left1 = 1 - Math.pow(moments.beta1(), (double) step);
        double left2 = 1 - Math.pow(moments.beta2(), (double) step);
        for (int i = 0; i < parameter.size(); i++) {
            double g = gradient.get(i) * gradientScale * clip;
            m.set(i, moments.beta1() * m.get(i) + (1 - moments.beta1()) * g);
            v.set(i, moments.beta2() * v.get(i) + (1 - moments.beta2()) * g * g);
            double update = moments.corrected()
                    ? m.get(i) / left1 / (Math.sqrt(v.get(i) / left2) + moments.epsilon())
                    : m.get(i) / (Math.sqrt(v.get(i)) + moments.epsilon()) * (Math.sqrt(left2) / left1);
            parameter.set(i, parameter.get(i) * (1 - (double) learningRate * weightDecay) - learningRate * update);
        }
        if (working.isPresent()) {
            round(working.get(), parameterTensor);
        }
    }

    @Override
    public void round(Tensor workingTensor, Tensor parameterTensor) {
        Values working = Values.of(workingTensor);
        Values parameter = Values.of(parameterTensor);
        for (int i = 0; i < working.size(); i++) {
            working.set(i, parameter.get(i));
        }
    }
}
