package dev.tandem.bench.peer;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Shape;
import dev.tandem.gpt.Parameters;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/// A model's parameters in ggml, by the names that [Parameters] has for them.
final class GgmlParameters {
    private final Map<String, MemorySegment> all = new HashMap<>();

    /// Copies them.
    GgmlParameters(GgmlTensors tensors, Backend tandem, Parameters parameters) {
        parameters.forEach(
                (name, tensor) -> all.put(name, tensors.floats(tandem.floats(tensor), extents(tensor.shape()))));
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
