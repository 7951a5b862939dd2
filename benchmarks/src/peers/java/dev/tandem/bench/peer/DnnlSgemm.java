package dev.tandem.bench.peer;

import java.util.List;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;

/// oneDNN's BLAS function, which packs the weight again at every call.
final class DnnlSgemm implements Contestant {
    private final String version = Dnnl.version(); // first: loads the library
    private final Product product;
    private final ProductOperands operands;
    private final FloatPointer x;
    private final FloatPointer y;
    private final List<FloatPointer> weights;
    private int calls;

    DnnlSgemm(Product product) {
        this.product = product;
        this.operands = new ProductOperands(product);
        this.x = Dnnl.pointer(operands.x());
        this.y = Dnnl.pointer(operands.y());
        this.weights = operands.weights().stream().map(Dnnl::pointer).toList();
    }

    @Override
    public String version() {
        return version;
    }

    @Override
    public void run() {
        int in = product.in();
        int out = product.out();
        FloatPointer weight = weights.get(calls++ % weights.size());
        int status = dnnl.dnnl_sgemm((byte) 'N', (byte) 'T', product.N(), out, in, 1, x, in, weight, in, 0, y, out);
        if (status != dnnl.dnnl_success) {
            throw new IllegalStateException("dnnl_sgemm failed with status " + status);
        }
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
