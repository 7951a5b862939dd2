package dev.tandem.gpt;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Shape;
import dev.tandem.engine.Tensor;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The buffers of one lifetime: listed once, counted by a memory plan, allocated by a region.
///
/// A name that is added again stands for the same buffer, which is how blocks share theirs in
/// evaluation.
final class BufferPlan {
    private final Map<String, Buffer> buffers = new LinkedHashMap<>();
    private final ElementType working;

    /// @param precision of activations and caches
    BufferPlan(Precision precision) {
        this.working = precision.type();
    }

    void weight(String name, int... extents) {
        add(name, Role.WEIGHT, ElementType.F32, extents);
    }

    void state(String name, int... extents) {
        add(name, Role.STATE, ElementType.F32, extents);
    }

    /// What outlives a step in the plan's precision.
    void cache(String name, int... extents) {
        add(name, Role.STATE, working, extents);
    }

    /// An activation or a gradient of one, in the plan's precision.
    void activation(String name, int... extents) {
        add(name, Role.ACTIVATION, working, extents);
    }

    /// Values of one step that are F32 in any precision.
    void floats(String name, int... extents) {
        add(name, Role.ACTIVATION, ElementType.F32, extents);
    }

    void integers(String name, int... extents) {
        add(name, Role.ACTIVATION, ElementType.I32, extents);
    }

    private void add(String name, Role role, ElementType type, int... extents) {
        var buffer = new Buffer(name, role, type, Shape.of(extents));
        Buffer known = buffers.putIfAbsent(name, buffer);
        if (known != null && !known.equals(buffer)) {
            throw new IllegalStateException("buffer planned twice: " + known + " and " + buffer);
        }
    }

    List<Buffer> buffers() {
        return List.copyOf(buffers.values());
    }

    static Tensors allocate(Collection<Buffer> buffers, Region region) {
        var tensors = new HashMap<String, Tensor>();
        for (Buffer buffer : buffers) {
            int[] extents = new int[buffer.shape().rank()];
            for (int dimension = 0; dimension < extents.length; dimension++) {
                extents[dimension] = buffer.shape().extent(dimension);
            }
            tensors.put(buffer.name(), region.allocate(buffer.name(), buffer.role(), buffer.type(), extents));
        }
        return new Tensors(tensors);
    }

    /// The allocated buffers by name.
    record Tensors(Map<String, Tensor> byName) {
        Tensor get(String name) {
            Tensor tensor = byName.get(name);
            if (tensor == null) {
                throw new IllegalStateException("no buffer was planned as " + name);
            }
            return tensor;
        }
    }
}
