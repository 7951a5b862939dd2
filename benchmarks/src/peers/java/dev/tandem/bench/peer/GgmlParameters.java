package dev.tandem.bench.peer;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Bf16;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.PlannedTensor;
import dev.tandem.engine.Shape;
import dev.tandem.gpt.DecodeSession;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Parameters;
import dev.tandem.gpt.Precision;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A model's parameters in ggml, by the names that [Parameters] has for them.
final class GgmlParameters {
    static final String POSITIONS = "embed_positions.weight";

    private final Map<String, MemorySegment> all = new HashMap<>();

    /// Copies them.
    ///
    /// @param weights BF16 for the matrices that Tandem decodes by in it: rounded to BF16, then stored in F16, whose
    ///     error is below 2⁻²⁵ for what deviates by a hundredth. The two together are what either library multiplies
    ///     by fastest
    GgmlParameters(
            GgmlTensors tensors, Backend tandem, Parameters parameters, GptConfig config, ElementType weights) {
        Set<String> narrowed = narrowed(config, weights);
        parameters.forEach((name, tensor) -> {
            float[] values = tandem.floats(tensor);
            long[] extents = extents(tensor.shape());
            boolean narrow = narrowed.contains(name);
            if (narrow) {
                round(values);
            }
            // This version adds no F16 to F32
            boolean added = name.equals(POSITIONS);
            all.put(name, narrow && !added ? tensors.halves(values, extents) : tensors.floats(values, extents));
        });
    }

    /// Which matrices Tandem decodes by in BF16.
    private static Set<String> narrowed(GptConfig config, ElementType weights) {
        return DecodeSession.plan(config, Precision.F32, weights, 1, config.T()).stream()
                .filter(buffer -> buffer.type() == ElementType.BF16)
                .map(PlannedTensor::name)
                .collect(Collectors.toSet());
    }

    private static void round(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = Bf16.round(values[i]);
        }
    }

    private static long[] extents(Shape shape) {
        return IntStream.range(0, shape.rank()).mapToLong(shape::extent).toArray();
    }

    /// @throws IllegalArgumentException if the model has none of that name
    MemorySegment get(String name) {
        MemorySegment parameter = all.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("the model has no parameter " + name + ", another kind was expected");
        }
        return parameter;
    }

    /// The layer norm of that name.
    MemorySegment norm(GgmlGraph graph, MemorySegment x, String name, double epsilon) {
        MemorySegment scaled = graph.node("mul", graph.node("norm", x, (float) epsilon), get(name + ".weight"));
        return graph.node("add", scaled, get(name + ".bias"));
    }

    /// The linear layer of that name.
    MemorySegment linear(GgmlGraph graph, MemorySegment x, String name) {
        return graph.node("add", graph.node("mul_mat", get(name + ".weight"), x), get(name + ".bias"));
    }
}
