package dev.tandem.gpt;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.PlannedTensor;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Shape;
import dev.tandem.engine.Tensor;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The buffers of one lifetime: listed once, counted by a memory plan, allocated by a region, which is
/// told of them and of all else of that lifetime before the first one.
///
/// A name that is added again stands for the same buffer, which is how blocks share theirs in
/// evaluation.
final class BufferPlan {
    private final Map<String, PlannedTensor> buffers = new LinkedHashMap<>();
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
        var buffer = new PlannedTensor(name, role, type, Shape.of(extents));
        PlannedTensor known = buffers.putIfAbsent(name, buffer);
        if (known != null && !known.equals(buffer)) {
            throw new IllegalStateException("buffer planned twice: " + known + " and " + buffer);
        }
    }

    List<PlannedTensor> buffers() {
        return List.copyOf(buffers.values());
    }

    static Tensors allocate(Collection<PlannedTensor> buffers, Region region) {
        var tensors = new HashMap<String, Tensor>();
        for (PlannedTensor buffer : buffers) {
            tensors.put(buffer.name(), region.allocate(buffer));
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
