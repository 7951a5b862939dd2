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
/// of BF16 hold doubles that are rounded when they are stored, those of Q8 the values that were uploaded.
final class ReferenceDevice implements Device {
    static final String NAME = "reference";
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

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
        return EnumSet.of(ElementType.F32, ElementType.BF16, ElementType.I32);
    }

    @Override
    public Set<ElementType> weightTypes() {
        return EnumSet.of(ElementType.BF16, ElementType.Q8);
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
        switch (target.type()) {
            case I32 -> {
                Integers integers = Integers.of(target);
                for (int i = 0; i < integers.size(); i++) {
                    integers.set(i, source.get(INT, (long) i * Integer.BYTES));
                }
            }
            case Q8 -> QuantizedRows.of(target).upload(source);
            case F32 -> {
                Values values = Values.of(target);
                for (int i = 0; i < values.size(); i++) {
                    values.set(i, source.get(FLOAT, (long) i * Float.BYTES));
                }
            }
            case BF16 -> {
                Values values = Values.of(target);
                for (int i = 0; i < values.size(); i++) {
                    values.set(i, Bf16.value(source.get(SHORT, (long) i * Short.BYTES)));
                }
            }
        }
    }

    @Override
    public void download(MemorySegment target, Tensor source) {
        switch (source.type()) {
            case I32 -> {
                Integers integers = Integers.of(source);
                for (int i = 0; i < integers.size(); i++) {
                    target.set(INT, (long) i * Integer.BYTES, integers.get(i));
                }
            }
            case Q8 -> QuantizedRows.of(source).download(target);
            case F32 -> {
                Values values = Values.of(source);
                for (int i = 0; i < values.size(); i++) {
                    target.set(FLOAT, (long) i * Float.BYTES, (float) values.get(i));
                }
            }
            case BF16 -> {
                Values values = Values.of(source);
                for (int i = 0; i < values.size(); i++) {
                    target.set(SHORT, (long) i * Short.BYTES, Bf16.of((float) values.get(i)));
                }
            }
        }
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
