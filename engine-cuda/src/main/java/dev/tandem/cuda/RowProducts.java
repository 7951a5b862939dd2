package dev.tandem.cuda;

import dev.tandem.engine.kernel.GeluForm;

/// `product.cu` and `product_stream.cu`: our own products of F32 whose result has a row for every row of x,
/// dense and of experts.
///
/// Tiles of 128 × 128 or 64 × 64 are bound by arithmetic; few rows stream the weight past them and are
/// bound by its bytes. A dense product with too few tiles to fill a GPU is cut along what is summed
/// over, and its partial sums are added in order. The rows of experts are known on the device only and
/// are cut into tiles there: [#plan].
final class RowProducts {
    static final String STREAM = "product_stream.cu";

    private static final String SOURCE = "product.cu";
    private static final int FINISH_THREADS = 256;
    private static final int PLAN_THREADS = 256;
    private static final int STREAM_THREADS = 128;
    private static final int STREAM_WARP_COLUMNS = 2;
    private static final int WARP = 32;
    private static final int QUAD = 4;

    /// Rows for each matrix up to which streaming the weight is fastest.
    private static final int FEW_ROWS = 8;

    /// Bytes of a row tile in a plan.
    private static final long PLAN_ENTRY = 4L * Integer.BYTES;

    private final DeviceAddress complaint;
    private final CudaKernel<Plan> plan;
    private final CudaKernel<Product> forwardLarge;
    private final CudaKernel<Product> forwardSmall;
    private final CudaKernel<Product> backwardLarge;
    private final CudaKernel<Product> backwardSmall;
    private final CudaKernel<Product> backwardGeluLarge;
    private final CudaKernel<Product> backwardGeluSmall;
    private final CudaKernel<Product> finish;
    private final CudaKernel<Stream> stream;

    record Plan(
            DeviceAddress plan,
            DeviceAddress starts,
            DeviceAddress counts,
            DeviceAddress complaint,
            int E,
            int R,
            int tileRows) {}

    record Product(
            DeviceAddress y,
            DeviceAddress saved,
            DeviceAddress x,
            DeviceAddress weight,
            DeviceAddress bias,
            DeviceAddress partial,
            DeviceAddress plan,
            DeviceAddress choiceOf,
            DeviceAddress complaint,
            int N,
            int columns,
            int depth,
            int range,
            int K,
            int choices,
            int form) {}

    record Stream(
            DeviceAddress y,
            DeviceAddress saved,
            DeviceAddress x,
            DeviceAddress weight,
            DeviceAddress bias,
            DeviceAddress starts,
            DeviceAddress counts,
            DeviceAddress choiceOf,
            DeviceAddress complaint,
            int N,
            int out,
            int in,
            int K,
            int choices,
            int form) {}

    /// Operands of a forward product; `saved` and `bias` may be none.
    ///
    /// @param form see [#form]
    record Layer(
            DeviceAddress y,
            DeviceAddress saved,
            DeviceAddress x,
            DeviceAddress weight,
            DeviceAddress bias,
            int out,
            int in,
            int form) {
        /// The same for other rows of x.
        Layer of(DeviceAddress otherX) {
            return new Layer(y, saved, otherX, weight, bias, out, in, form);
        }

        /// The same without activation; its y is where the sums are wanted.
        Layer sums() {
            boolean saves = !saved.equals(DeviceAddress.NONE);
            return new Layer(saves ? saved : y, DeviceAddress.NONE, x, weight, bias, out, in, IDENTITY);
        }

        /// The same as far as an epilogue goes, with its results in other places.
        Layer trial(DeviceAddress otherY, DeviceAddress otherSaved, Matmul.Epilogue epilogue) {
            DeviceAddress added = epilogue.adds() ? bias : DeviceAddress.NONE;
            return new Layer(otherY, otherSaved, x, weight, added, out, in, epilogue.activates() ? form : IDENTITY);
        }
    }

    /// Operands of a gradient of x.
    record Gradient(DeviceAddress dx, DeviceAddress dy, DeviceAddress weight, int out, int in) {
        /// The same with its result in another place.
        Gradient into(DeviceAddress otherDx) {
            return new Gradient(otherDx, dy, weight, out, in);
        }

        /// The same as a product whose columns are those of x. `saved` may be none.
        Layer layer(DeviceAddress saved, int form) {
            return new Layer(dx, saved, dy, weight, DeviceAddress.NONE, in, out, form);
        }
    }

    RowProducts(CudaQueue queue) {
        complaint = queue.complaint();
        plan = queue.kernel(SOURCE, "product_plan", Plan.class);
        forwardLarge = queue.kernel(SOURCE, "product_forward_large", Product.class);
        forwardSmall = queue.kernel(SOURCE, "product_forward_small", Product.class);
        backwardLarge = queue.kernel(SOURCE, "product_backward_large", Product.class);
        backwardSmall = queue.kernel(SOURCE, "product_backward_small", Product.class);
        backwardGeluLarge = queue.kernel(SOURCE, "product_backward_gelu_large", Product.class);
        backwardGeluSmall = queue.kernel(SOURCE, "product_backward_gelu_small", Product.class);
        finish = queue.kernel(SOURCE, "product_finish", Product.class);
        stream = queue.kernel(STREAM, "product_stream", Stream.class);
    }

    /// The activation that is none.
    static final int IDENTITY = 0;

    /// The activation that libraries have too.
    static final int TANH = 2;

    /// An activation as the kernels number it.
    static int form(GeluForm form) {
        return switch (form) {
            case ERF -> 1;
            case TANH -> TANH;
        };
    }

    /// Bytes of the workspace that a product wants, with experts one for all products of their rows.
    static long workspaceBytes(ProductRows rows, int columns, int depth) {
        Tiling tiling = tiling(rows, columns, depth);
        if (rows.isDense()) {
            return tiling.ranges() == 1 ? 0 : (long) tiling.ranges() * rows.N() * columns * Float.BYTES;
        }
        return planBytes(Tiling.rowTiles(rows));
    }

    /// Bytes of a plan of so many row tiles.
    static long planBytes(long rowTiles) {
        return (1 + rowTiles) * PLAN_ENTRY;
    }

    /// Cuts the rows of experts into tiles, which the products after it find in the workspace.
    void plan(ProductRows rows, int tileRows, DeviceAddress workspace) {
        plan.launch(
                Grid.of(1, PLAN_THREADS),
                new Plan(workspace, rows.starts(), rows.counts(), complaint, rows.E(), rows.N(), tileRows));
    }

    /// Whether [#forward] needs no plan and no workspace.
    static boolean streams(ProductRows rows) {
        return rows.N() <= (long) FEW_ROWS * rows.E();
    }

    /// `y = gelu(x·weightᵀ + bias)`, `saved = x·weightᵀ + bias`.
    void forward(Layer layer, ProductRows rows, DeviceAddress workspace) {
        if (streams(rows)) {
            stream(stream, layer, rows);
            return;
        }
        Tiling tiling = tiling(rows, layer.out(), layer.in());
        launch(tiling, forwardLarge, forwardSmall, product(layer, rows, workspace, tiling));
    }

    /// `dx = dy·weight`.
    void backward(Gradient gradient, ProductRows rows, DeviceAddress workspace) {
        Tiling tiling = tiling(rows, gradient.in(), gradient.out());
        Layer layer = gradient.layer(DeviceAddress.NONE, IDENTITY);
        launch(tiling, backwardLarge, backwardSmall, product(layer, rows, workspace, tiling));
    }

    /// `hidden = gelu(pre)`, `pre = (dy·weight) · gelu'(pre)`, of experts; `gradient.dx` is `hidden`.
    void backwardGelu(Gradient gradient, DeviceAddress pre, int form, ProductRows rows, DeviceAddress workspace) {
        Tiling tiling = tiling(rows, gradient.in(), gradient.out());
        Layer layer = gradient.layer(pre, form);
        launch(tiling, backwardGeluLarge, backwardGeluSmall, product(layer, rows, workspace, tiling));
    }

    private static Tiling tiling(ProductRows rows, int columns, int depth) {
        return rows.isDense() ? Tiling.of(rows.N(), columns, depth, 1, true) : Tiling.ragged(rows, columns, depth);
    }

    private Product product(Layer layer, ProductRows rows, DeviceAddress workspace, Tiling tiling) {
        return new Product(
                layer.y(),
                layer.saved(),
                layer.x(),
                layer.weight(),
                layer.bias(),
                workspace,
                rows.isDense() ? DeviceAddress.NONE : workspace,
                rows.choiceOf(),
                complaint,
                rows.N(),
                layer.out(),
                layer.in(),
                tiling.range(),
                rows.K(),
                rows.choices(),
                layer.form());
    }

    private void launch(Tiling tiling, CudaKernel<Product> large, CudaKernel<Product> small, Product product) {
        (tiling.large() ? large : small).launch(tiling.grid(1), product);
        if (tiling.ranges() > 1) {
            long quads = (long) product.N() * Math.ceilDiv(product.columns(), QUAD);
            finish.launch(Grid.covering(quads, FINISH_THREADS), product);
        }
    }

    /// A product of few rows by a kernel that streams the weight.
    void stream(CudaKernel<Stream> kernel, Layer layer, ProductRows rows) {
        int blocks = Math.ceilDiv(layer.out(), STREAM_THREADS / WARP * STREAM_WARP_COLUMNS);
        kernel.launch(
                new Grid(blocks, rows.E(), 1, STREAM_THREADS, 1, 1, 0),
                new Stream(
                        layer.y(),
                        layer.saved(),
                        layer.x(),
                        layer.weight(),
                        layer.bias(),
                        rows.starts(),
                        rows.counts(),
                        rows.choiceOf(),
                        complaint,
                        rows.N(),
                        layer.out(),
                        layer.in(),
                        rows.K(),
                        rows.choices(),
                        layer.form()));
    }
}
