package dev.tandem.bench.peer;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;

/// oneDNN's matrix product over weights in the layout it likes best for so many rows, reordered once.
final class DnnlMatmul implements ProductLibrary {
    private final String version = Dnnl.version(); // first: loads the library
    private final engine processor = new engine(engine.kind.cpu, 0);
    private final stream queue = new stream(processor);
    private final Map<Size, Primitive> primitives = new HashMap<>();

    /// What a primitive is made for.
    private record Size(int rows, int in, int out) {
        memory.desc x() {
            return described(rows, in, memory.format_tag.ab);
        }

        memory.desc weight(memory.format_tag layout) {
            return described(in, out, layout);
        }

        memory.desc y() {
            return described(rows, out, memory.format_tag.ab);
        }

        private static memory.desc described(long rows, long columns, memory.format_tag layout) {
            return new memory.desc(new long[] {rows, columns}, memory.data_type.f32, layout);
        }
    }

    /// Multiplies any operands of a size.
    private record Primitive(matmul.primitive_desc description, matmul product) {}

    @Override
    public String version() {
        return version;
    }

    @Override
    public Runnable product(ProductOperands.Task task) {
        var size = new Size(task.rows(), task.in(), task.out());
        Primitive primitive = primitives.computeIfAbsent(size, this::primitive);
        var arguments = new IntMemoryMap()
                .put(dnnl.DNNL_ARG_SRC, new memory(size.x(), processor, Dnnl.pointer(task.x())))
                .put(dnnl.DNNL_ARG_WEIGHTS, packed(primitive, size, Dnnl.pointer(task.weight())))
                .put(dnnl.DNNL_ARG_DST, new memory(size.y(), processor, Dnnl.pointer(task.y())));
        return () -> {
            primitive.product.execute(queue, arguments);
            queue._wait();
        };
    }

    private Primitive primitive(Size size) {
        var description = new matmul.primitive_desc(processor, size.x(), size.weight(memory.format_tag.any), size.y());
        return new Primitive(description, new matmul(description));
    }

    private memory packed(Primitive primitive, Size size, FloatPointer weight) {
        var plain = new memory(size.weight(memory.format_tag.ba), processor, weight);
        var packed = new memory(primitive.description.weights_desc(), processor);
        new reorder(plain, packed).execute(queue, plain, packed);
        queue._wait();
        return packed;
    }
}
