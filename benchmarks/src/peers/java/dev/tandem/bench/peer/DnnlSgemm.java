package dev.tandem.bench.peer;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;

/// oneDNN's BLAS function, which packs the weight again at every call.
final class DnnlSgemm implements ProductLibrary {
    private final String version = Dnnl.version(); // loads the library

    @Override
    public String version() {
        return version;
    }

    @Override
    public Runnable product(ProductOperands.Task task) {
        FloatPointer x = Dnnl.pointer(task.x());
        FloatPointer weight = Dnnl.pointer(task.weight());
        FloatPointer y = Dnnl.pointer(task.y());
        int rows = task.rows();
        int in = task.in();
        int out = task.out();
        return () -> {
            int status = dnnl.dnnl_sgemm((byte) 'N', (byte) 'T', rows, out, in, 1, x, in, weight, in, 0, y, out);
            if (status != dnnl.dnnl_success) {
                throw new IllegalStateException("dnnl_sgemm failed with status " + status);
            }
        };
    }
}
