package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// How a record of arguments lies in memory as the C structure of the same fields, which is what
/// a kernel takes.
///
/// | component                                | field                        |
/// |------------------------------------------|------------------------------|
/// | `Tensor`, `Optional<Tensor>` (absent: 0) | pointer                      |
/// | [DeviceAddress]                          | pointer                      |
/// | `long`, `int`                            | `long long`, `int`, unsigned too |
/// | `float`, `double`                        | `float`, `double`            |
///
/// @param <A> the record
final class ArgumentLayout<A extends Record> {
    private static final MethodType WRITER = MethodType.methodType(void.class, MemorySegment.class, Record.class);

    private final String name;
    private final List<Field> fields;
    private final int bytes;
    private final MethodHandle writer;

    /// One field.
    ///
    /// @param kind `p` pointer, `i` integer, `f` floating point
    record Field(String name, char kind, int offset, int bytes) {}

    private ArgumentLayout(String name, List<Field> fields, int bytes, MethodHandle writer) {
        this.name = name;
        this.fields = List.copyOf(fields);
        this.bytes = bytes;
        this.writer = writer;
    }

    /// The layout of a record that this package can see.
    static <A extends Record> ArgumentLayout<A> of(Class<A> record) {
        List<Field> fields = new ArrayList<>();
        MethodHandle writer = MethodHandles.empty(WRITER);
        int end = 0;
        int alignment = 1;
        for (RecordComponent component : record.getRecordComponents()) {
            char kind = kind(component);
            int size = size(component);
            int offset = Math.ceilDiv(end, size) * size;
            fields.add(new Field(component.getName(), kind, offset, size));
            writer = MethodHandles.foldArguments(put(component, offset), writer);
            end = offset + size;
            alignment = Math.max(alignment, size);
        }
        return new ArgumentLayout<>(record.getName(), fields, Math.ceilDiv(end, alignment) * alignment, writer);
    }

    /// The fields in their order.
    List<Field> fields() {
        return fields;
    }

    /// Size of the structure.
    int bytes() {
        return bytes;
    }

    /// Writes arguments to the start of a block.
    void write(MemorySegment block, A arguments) {
        try {
            writer.invokeExact(block, (Record) arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("the accessors of a record throw nothing that is checked", e);
        }
    }

    @Override
    public String toString() {
        return name + fields;
    }

    private static char kind(RecordComponent component) {
        Class<?> type = component.getType();
        if (type == Tensor.class || type == Optional.class || type == DeviceAddress.class) {
            return 'p';
        }
        if (type == long.class || type == int.class) {
            return 'i';
        }
        if (type == float.class || type == double.class) {
            return 'f';
        }
        throw new IllegalArgumentException("a kernel cannot be passed a %s: %s of %s"
                .formatted(type.getSimpleName(), component.getName(), component.getDeclaringRecord()));
    }

    private static int size(RecordComponent component) {
        Class<?> type = component.getType();
        return type == int.class || type == float.class ? Integer.BYTES : Long.BYTES;
    }

    private static MethodHandle put(RecordComponent component, int offset) {
        MethodType type = MethodType.methodType(void.class, MemorySegment.class, long.class, component.getType());
        try {
            var lookup = MethodHandles.lookup();
            MethodHandle accessor = lookup.unreflect(component.getAccessor());
            MethodHandle put = MethodHandles.insertArguments(
                    lookup.findStatic(ArgumentLayout.class, "put", type), 1, (long) offset);
            return MethodHandles.filterArguments(put, 1, accessor).asType(WRITER);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("%s must be visible to its package".formatted(component), e);
        }
    }

    @SuppressWarnings("unused") // found by its type
    private static void put(MemorySegment block, long offset, Tensor value) {
        block.set(ValueLayout.JAVA_LONG, offset, CudaStorage.address(value));
    }

    @SuppressWarnings("unused") // found by its type
    private static void put(MemorySegment block, long offset, Optional<Tensor> value) {
        block.set(ValueLayout.JAVA_LONG, offset, value.isPresent() ? CudaStorage.address(value.get()) : 0);
    }

    @SuppressWarnings("unused") // found by its type
    private static void put(MemorySegment block, long offset, DeviceAddress value) {
        block.set(ValueLayout.JAVA_LONG, offset, value.value());
    }

    @SuppressWarnings("unused") // found by its type
    private static void put(MemorySegment block, long offset, long value) {
        block.set(ValueLayout.JAVA_LONG, offset, value);
    }

    @SuppressWarnings("unused") // found by its type
    private static void put(MemorySegment block, long offset, int value) {
        block.set(ValueLayout.JAVA_INT, offset, value);
    }

    @SuppressWarnings("unused") // found by its type
    private static void put(MemorySegment block, long offset, float value) {
        block.set(ValueLayout.JAVA_FLOAT, offset, value);
    }

    @SuppressWarnings("unused") // found by its type
    private static void put(MemorySegment block, long offset, double value) {
        block.set(ValueLayout.JAVA_DOUBLE, offset, value);
    }
}
