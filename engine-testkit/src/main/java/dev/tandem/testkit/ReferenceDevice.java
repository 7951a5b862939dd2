package dev.tandem.testkit;

import dev.tandem.engine.Bf16;
import dev.tandem.engine.Device;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Kernels;
import dev.tandem.engine.MemoryUsage;
import dev.tandem.engine.OutOfDeviceMemory;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Shape;
import dev.tandem.engine.Storage;
import dev.tandem.engine.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.Set;

/// Scalar loops in double precision on the calling thread, written from the documented formulas. Tensors
/// of BF16 hold doubles that are rounded when they are stored.
final class ReferenceDevice implements Device {
    static final String NAME = "reference";
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private final Kernels kernels = new Kernels(
            new ReferenceFill(),
            new ReferenceEmbedding(),
            new ReferenceLayerNorm(),
            new ReferenceLinear(),
            new ReferenceAttention(),
            new ReferenceGelu(),
            new ReferenceAdd(),
            new ReferenceDropout(),
            new ReferenceGate(),
            new ReferenceDispatch(),
            new ReferenceExpertLinear(),
            new ReferenceExpertFeedForward(),
            new ReferenceCrossEntropy(),
            new ReferenceGradientNorm(),
            new ReferenceAdamW());
    private long bytes;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "float64 scalar oracle, 1 thread";
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public Set<ElementType> types() {
        return EnumSet.allOf(ElementType.class);
    }

    @Override
    public Storage allocate(Region region, String name, Role role, ElementType type, Shape shape) {
        long wanted = shape.elements() * (type == ElementType.I32 ? Integer.BYTES : Double.BYTES);
        if (shape.elements() > Integer.MAX_VALUE - 8 || wanted > free()) {
            throw new OutOfDeviceMemory(wanted, free(), name);
        }
        var storage = new ReferenceStorage(region, name, role, type, shape);
        bytes += storage.bytes();
        return storage;
    }

    @Override
    public void free(Storage storage) {
        bytes -= ((ReferenceStorage) storage).bytes();
    }

    @Override
    public void upload(Tensor target, MemorySegment source) {
        if (target.type() == ElementType.I32) {
            Integers integers = Integers.of(target);
            for (int i = 0; i < integers.size(); i++) {
                integers.set(i, source.get(ValueLayout.JAVA_INT_UNALIGNED, (long) i * Integer.BYTES));
            }
        } else {
            Values values = Values.of(target);
            boolean half = target.type() == ElementType.BF16;
            for (int i = 0; i < values.size(); i++) {
                values.set(i, half ? bf16(source, i) : source.get(FLOAT, (long) i * Float.BYTES));
            }
        }
    }

    @Override
    public void download(MemorySegment target, Tensor source) {
        if (source.type() == ElementType.I32) {
            Integers integers = Integers.of(source);
            for (int i = 0; i < integers.size(); i++) {
                target.set(ValueLayout.JAVA_INT_UNALIGNED, (long) i * Integer.BYTES, integers.get(i));
            }
        } else {
            Values values = Values.of(source);
            boolean half = source.type() == ElementType.BF16;
            for (int i = 0; i < values.size(); i++) {
                float value = (float) values.get(i);
                if (half) {
                    target.set(SHORT, (long) i * Short.BYTES, Bf16.of(value));
                } else {
                    target.set(FLOAT, (long) i * Float.BYTES, value);
                }
            }
        }
    }

    private static float bf16(MemorySegment source, int index) {
        return Bf16.value(source.get(SHORT, (long) index * Short.BYTES));
    }

    @Override
    public void synchronize() {
        // every call has finished when it returns
    }

    @Override
    public MemoryUsage memoryUsage() {
        return new MemoryUsage(bytes, 0, free());
    }

    @Override
    public void close() {
        // the arrays belong to the garbage collector
    }

    private static long free() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.maxMemory() - runtime.totalMemory() + runtime.freeMemory();
    }
}
