package dev.tandem.testkit.vectors;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.AdamW;
import dev.tandem.engine.kernel.GradientNorm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Kind `optimizer`: norm, clipping and AdamW over several steps. Matrices take the role of
/// weights.
final class OptimizerRunner implements VectorRunner {
    private static final String PARAMETER = "param.";

    @Override
    public String kind() {
        return "optimizer";
    }

    @Override
    public List<Comparison> run(VectorFile file, Backend backend) {
        var comparisons = new Comparisons(file, backend);
        double[] learningRates = file.numbers("lr");
        double[] norms = new double[file.integer("steps")];
        try (Region region = backend.region("optimizer")) {
            var operands = new Operands(file, backend, region);
            Settings settings = Settings.of(file, comparisons);
            List<Parameter> parameters = parameters(file, operands, settings);
            Tensor norm = operands.empty(2);
            for (int step = 1; step <= norms.length; step++) {
                for (Parameter parameter : parameters) {
                    backend.upload(
                            parameter.gradient,
                            file.tensor("grad%d.%s".formatted(step, parameter.name))
                                    .floats());
                }
                List<GradientNorm.Gradient> gradients = parameters.stream()
                        .map(parameter -> new GradientNorm.Gradient(parameter.gradient, parameter.scale))
                        .toList();
                backend.kernels().gradientNorm().forward(norm, gradients, settings.clip);
                norms[step - 1] = comparisons.values(norm)[0];
                float learningRate = comparisons.rounded(learningRates[Math.min(step, learningRates.length) - 1]);
                for (Parameter parameter : parameters) {
                    update(backend.kernels().adamW(), parameter, norm, settings, learningRate, step);
                    comparisons.floats("after%d.%s".formatted(step, parameter.name), parameter.value);
                }
            }
            for (Parameter parameter : parameters) {
                comparisons.floats("m." + parameter.name, parameter.m);
                comparisons.floats("v." + parameter.name, parameter.v);
            }
        }
        comparisons.floats("out.grad_norm", norms);
        return comparisons.list();
    }

    private static void update(
            AdamW kernel, Parameter parameter, Tensor norm, Settings settings, float learningRate, int step) {
        kernel.update(
                parameter.value,
                Optional.empty(),
                parameter.m,
                parameter.v,
                parameter.gradient,
                norm,
                settings.moments,
                learningRate,
                settings.weightDecay,
                parameter.scale,
                step);
    }

    private static List<Parameter> parameters(VectorFile file, Operands operands, Settings settings) {
        List<Parameter> parameters = new ArrayList<>();
        for (String tensor : file.tensors().keySet().stream().sorted().toList()) {
            if (tensor.startsWith(PARAMETER)) {
                String name = tensor.substring(PARAMETER.length());
                int rank = file.tensor(tensor).shape().size();
                Tensor value = operands.floats(tensor, rank == 2 || rank == 3 ? Role.WEIGHT : Role.STATE);
                parameters.add(new Parameter(
                        name,
                        value,
                        operands.zerosLike(value),
                        operands.zerosLike(value),
                        operands.zerosLike(value),
                        name.contains(".experts.") ? settings.expertScale : 1));
            }
        }
        return parameters;
    }

    private record Parameter(String name, Tensor value, Tensor m, Tensor v, Tensor gradient, float scale) {}

    private record Settings(AdamW.Moments moments, float weightDecay, float clip, float expertScale) {
        static Settings of(VectorFile file, Comparisons comparisons) {
            boolean corrected = switch (file.option("eps_placement")) {
                case "corrected" -> true;
                case "uncorrected" -> false;
                default ->
                    throw new MalformedVector("eps_placement must be corrected or uncorrected, is '%s'"
                            .formatted(file.option("eps_placement")));
            };
            return new Settings(
                    new AdamW.Moments(file.number("beta1"), file.number("beta2"), file.number("eps"), corrected),
                    comparisons.rounded(file.number("weight_decay")),
                    comparisons.rounded(file.number("clip_norm")),
                    comparisons.rounded(file.number("expert_grad_scale")));
        }
    }
}
