package dev.tandem.bench.peer;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Tensors of ggml that keep their values: parameters, inputs, caches. Each has memory of its own, which no graph is
/// given for its results: one that got an input's would find another input at its next call.
final class GgmlTensors implements AutoCloseable {
    private static final int F32 = 0;
    private static final int F16 = 1;
    private static final int I32 = 26;
    private static final long ALIGNMENT = 64;
    private static final long MOST_TENSORS = 1024;

    private final Ggml ggml;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment context;

    GgmlTensors(Ggml ggml) {
        this.ggml = ggml;
        this.context = ggml.context(MOST_TENSORS * ggml.number("ggml_tensor_overhead"));
    }

    /// @param shape last extent fastest, which ggml has first
    MemorySegment floats(float[] values, long... shape) {
        MemorySegment tensor = tensor(F32, shape);
        MemorySegment.copy(values, 0, ggml.data(tensor), JAVA_FLOAT, 0, values.length);
        return tensor;
    }

    /// The same, rounded to F16.
    MemorySegment halves(float[] values, long... shape) {
        MemorySegment tensor = tensor(F16, shape);
        MemorySegment data = ggml.data(tensor);
        for (int i = 0; i < values.length; i++) {
            data.setAtIndex(JAVA_SHORT, i, Float.floatToFloat16(values[i]));
        }
        return tensor;
    }

    MemorySegment zeros(long... shape) {
        return tensor(F32, shape);
    }

    MemorySegment integers(int... values) {
        MemorySegment tensor = tensor(I32, values.length);
        MemorySegment.copy(values, 0, ggml.data(tensor), JAVA_INT, 0, values.length);
        return tensor;
    }

    private MemorySegment tensor(int type, long... shape) {
        var extents = new long[shape.length];
        for (int i = 0; i < shape.length; i++) {
            extents[i] = shape[shape.length - 1 - i];
        }
        MemorySegment tensor =
                ggml.pointer("ggml_new_tensor", context, type, shape.length, arena.allocateFrom(JAVA_LONG, extents));
        long bytes = ggml.number("ggml_nbytes", tensor);
        MemorySegment memory = arena.allocate(bytes, ALIGNMENT);
        MemorySegment buffer = ggml.pointer("ggml_backend_cpu_buffer_from_ptr", memory, bytes);
        ggml.perform("ggml_backend_tensor_alloc", buffer, tensor, memory);
        return tensor;
    }

    @Override
    public void close() {
        arena.close();
    }
}
