package dev.tandem.bench.peer;

import java.util.List;

/// A library with the C interface of BLAS, which packs the weight again at every call.
final class BlasProduct implements Contestant {
    private static final int ROW_MAJOR = 101;
    private static final int NO_TRANSPOSE = 111;
    private static final int TRANSPOSE = 112;

    private final BlasLibrary library;
    private final Product product;
    private final ProductOperands operands;

    BlasProduct(BlasLibrary library, Product product) {
        this.library = library;
        this.product = product;
        this.operands = new ProductOperands(product);
    }

    @Override
    public String version() {
        return library.version();
    }

    @Override
    public void run() {
        int in = product.in();
        int out = product.out();
        try {
            library.sgemm()
                    .invokeExact(
                            ROW_MAJOR,
                            NO_TRANSPOSE,
                            TRANSPOSE,
                            product.N(),
                            out,
                            in,
                            1f,
                            operands.x(),
                            in,
                            operands.nextWeight(),
                            in,
                            0f,
                            operands.y(),
                            out);
        } catch (Error | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // the handle of a C function declares it and never throws it
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
