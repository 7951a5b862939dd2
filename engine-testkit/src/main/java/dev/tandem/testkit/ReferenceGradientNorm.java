package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GradientNorm;
import java.util.List;

final class ReferenceGradientNorm implements GradientNorm {
    private static final double FLOOR = 1e-6;

    @Override
    public void forward(Tensor normTensor, List<Gradient> gradients, float clip) {
        double squares = 0;
        for (Gradient gradient : gradients) {
            Values values = Values.of(gradient.tensor());
            for (int i = 0; i < values.size(); i++) {
                double scaled = gradient.scale() * values.get(i);
                squares += scaled * scaled;
            }
        }
        Values norm = Values.of(normTensor);
        norm.set(0, Math.sqrt(squares));
        norm.set(1, clip == 0 ? 1 : Math.min(1, clip / (norm.get(0) + FLOOR)));
    }
}
