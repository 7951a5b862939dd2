package dev.tandem.bench.peer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// The operands of a product in memory that C can reach.
final class ProductOperands implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment x;
    private final MemorySegment y;
    private final List<MemorySegment> weights = new ArrayList<>();
    private int calls;

    ProductOperands(Product product) {
        this.x = copied(product.x());
        this.y = arena.allocate((long) product.N() * product.out() * Float.BYTES, ALIGNMENT);
        float[] weight = product.weight();
        for (int copy = 0; copy < product.copies(); copy++) {
            weights.add(copied(weight));
        }
    }

    private MemorySegment copied(float[] values) {
        MemorySegment segment = arena.allocate((long) values.length * Float.BYTES, ALIGNMENT);
        MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_FLOAT, 0, values.length);
        return segment;
    }

    MemorySegment x() {
        return x;
    }

    MemorySegment y() {
        return y;
    }

    List<MemorySegment> weights() {
        return weights;
    }

    /// The weight of this call.
    MemorySegment nextWeight() {
        return weights.get(calls++ % weights.size());
    }

    List<Answer> answers() {
        return List.of(new Answer("y", y.toArray(ValueLayout.JAVA_FLOAT)));
    }

    @Override
    public void close() {
        arena.close();
    }
}
