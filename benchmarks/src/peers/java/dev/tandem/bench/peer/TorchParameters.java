package dev.tandem.bench.peer;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Shape;
import dev.tandem.gpt.Parameters;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;

/// A model's parameters in libtorch, by the names that [Parameters] has for them.
final class TorchParameters {
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    /// Copies them.
    ///
    /// @param trained whether they have gradients
    TorchParameters(Backend tandem, Parameters parameters, boolean trained) {
        parameters.forEach((name, tensor) -> {
            float[] values = tandem.floats(tensor);
            long[] extents = extents(tensor.shape());
            tensors.put(name, trained ? Torch.parameter(values, extents) : Torch.tensor(values, extents));
        });
    }

    private static long[] extents(Shape shape) {
        return IntStream.range(0, shape.rank()).mapToLong(shape::extent).toArray();
    }

    List<Tensor> all() {
        return List.copyOf(tensors.values());
    }

    /// @throws IllegalArgumentException if the model has none of that name
    Tensor get(String name) {
        Tensor parameter = tensors.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("the model has no parameter " + name + ", another kind was expected");
        }
        return parameter;
    }

    /// The elements of a stack, in its memory.
    List<Tensor> slices(String name) {
        Tensor stack = get(name);
        return LongStream.range(0, stack.size(0))
                .mapToObj(i -> stack.select(0, i))
                .toList();
    }

    /// The layer norm of that name.
    Tensor norm(Tensor x, String name) {
        return TorchLayerNorm.norm(x, get(name + ".weight"), get(name + ".bias"));
    }

    /// The linear layer of that name.
    Tensor linear(Tensor x, String name) {
        return Torch.linear(x, get(name + ".weight"), get(name + ".bias"));
    }
}
