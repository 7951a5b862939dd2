package dev.tandem.gpt;

import dev.tandem.engine.Kernels;
import dev.tandem.engine.Region;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GradientNorm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// AdamW over all parameters of a model, its moments, and the global norm of its gradients.
final class Optimizer {
    private final Kernels kernels;
    private final TrainingOptions options;
    private final Tensor norm;
    private final List<Slot> slots = new ArrayList<>();
    private final List<GradientNorm.Gradient> gradients = new ArrayList<>();
    private final float expertLearningRateScale;

    /// A parameter with what belongs to it.
    private record Slot(
            Tensor parameter,
            Optional<Tensor> working,
            Tensor m,
            Tensor v,
            Tensor gradient,
            float gradientScale,
            boolean expert) {}

    Optimizer(Gpt model, TrainingOptions options, Region region, Parameters gradientTree, Tensor norm) {
        this.kernels = model.backend().kernels();
        this.options = options;
        this.norm = norm;
        this.expertLearningRateScale = model.config().feedForward() instanceof FeedForward.Experts experts
                ? (float) options.experts().learningRateScale(experts.E())
                : 1;
        List<Tensor> m = Parameters.allocate(model.config(), region).tensors();
        List<Tensor> v = Parameters.allocate(model.config(), region).tensors();
        List<Tensor> d = gradientTree.tensors();
        List<Tensor> weights = model.weights().tensors();
        model.parameters().forEach((name, parameter) -> {
            int i = slots.size();
            boolean expert = Parameters.isExpert(name);
            float scale = expert ? (float) options.experts().gradientScale() : 1;
            Optional<Tensor> working = Optional.of(weights.get(i)).filter(weight -> weight != parameter);
            slots.add(new Slot(parameter, working, m.get(i), v.get(i), d.get(i), scale, expert));
            gradients.add(new GradientNorm.Gradient(d.get(i), scale));
        });
    }

    /// Sets every gradient to zero.
    void clear() {
        for (int i = 0; i < slots.size(); i++) {
            kernels.fill().constant(slots.get(i).gradient, 0);
        }
    }

    /// Changes every parameter once.
    ///
    /// @param update number of this update, from 0
    void update(long update, double learningRate) {
        kernels.gradientNorm().forward(norm, gradients, (float) options.clipNorm());
        float rate = (float) learningRate;
        float expertRate = rate * expertLearningRateScale;
        float decay = (float) options.weightDecay();
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = slots.get(i);
            kernels.adamW()
                    .update(
                            slot.parameter,
                            slot.working,
                            slot.m,
                            slot.v,
                            slot.gradient,
                            norm,
                            options.moments(),
                            slot.expert ? expertRate : rate,
                            decay,
                            slot.gradientScale,
                            update + 1);
        }
    }
}
