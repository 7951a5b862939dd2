package dev.tandem.bench.peer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A library with the C interface of BLAS, which packs the weight again at every call.
final class Blas implements Contestant {
    private static final int ROW_MAJOR = 101;
    private static final int NO_TRANSPOSE = 111;
    private static final int TRANSPOSE = 112;
    private static final long ALIGNMENT = 64;

    private final BlasLibrary library;
    private final Product product;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment x;
    private final MemorySegment weight;
    private final MemorySegment y;

    Blas(BlasLibrary library, Product product) {
        this.library = library;
        this.product = product;
        this.x = copied(product.x());
        this.weight = copied(product.weight());
        this.y = arena.allocate((long) product.N() * product.out() * Float.BYTES, ALIGNMENT);
    }

    private MemorySegment copied(float[] values) {
        MemorySegment segment = arena.allocate((long) values.length * Float.BYTES, ALIGNMENT);
        MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_FLOAT, 0, values.length);
        return segment;
    }

    @Override
    public String name() {
        return library.name();
    }

    @Override
    public void multiply() {
        int in = product.in();
        int out = product.out();
        try {
            library.sgemm()
                    .invokeExact(
                            ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE, product.N(), out, in, 1f, x, in, weight, in, 0f, y, out);
        } catch (Error | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // the handle of a C function declares it and never throws it
        }
    }

    @Override
    public float[] result() {
        return y.toArray(ValueLayout.JAVA_FLOAT);
    }

    @Override
    public void close() {
        arena.close();
    }
}
