package dev.tandem.bench.peer;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;

/// oneDNN's matrix product over weights in the layout it likes best, reordered once.
final class DnnlMatmul implements Contestant {
    private final String version = Dnnl.version(); // first: loads the library
    private final ProductOperands operands;
    private final engine processor;
    private final stream queue;
    private final matmul product;
    private final List<IntMemoryMap> arguments = new ArrayList<>();
    private int calls;

    DnnlMatmul(Product question) {
        this.operands = new ProductOperands(question);
        this.processor = new engine(engine.kind.cpu, 0);
        this.queue = new stream(processor);
        var xs = described(question.N(), question.in(), memory.format_tag.ab);
        var ys = described(question.N(), question.out(), memory.format_tag.ab);
        var given = described(question.in(), question.out(), memory.format_tag.ba);
        var description = new matmul.primitive_desc(
                processor, xs, described(question.in(), question.out(), memory.format_tag.any), ys);
        this.product = new matmul(description);
        var x = new memory(xs, processor, Dnnl.pointer(operands.x()));
        var y = new memory(ys, processor, Dnnl.pointer(operands.y()));
        for (var segment : operands.weights()) {
            var plain = new memory(given, processor, Dnnl.pointer(segment));
            var packed = new memory(description.weights_desc(), processor);
            new reorder(plain, packed).execute(queue, plain, packed);
            queue._wait();
            arguments.add(new IntMemoryMap()
                    .put(dnnl.DNNL_ARG_SRC, x)
                    .put(dnnl.DNNL_ARG_WEIGHTS, packed)
                    .put(dnnl.DNNL_ARG_DST, y));
        }
    }

    private static memory.desc described(long rows, long columns, memory.format_tag layout) {
        return new memory.desc(new long[] {rows, columns}, memory.data_type.f32, layout);
    }

    @Override
    public String version() {
        return version;
    }

    @Override
    public void run() {
        product.execute(queue, arguments.get(calls++ % arguments.size()));
        queue._wait();
    }

    @Override
    public List<Answer> answers() {
        run();
        return operands.answers();
    }

    @Override
    public void close() {
        operands.close();
    }
}
