package dev.tandem.cuda;

/// `product_bf16.cu` and `product_stream.cu`: products of BF16 rows and weights on tensor cores, with sums
/// of F32. Tiles are 128 × 128 whatever the sizes, and a block sums all of k: small products leave much of
/// a GPU idle. Few rows stream the weight past them, bound by its bytes.
final class Bf16Products implements Products {
    private static final String SOURCE = "product_bf16.cu";
    private static final int TILE = 128;
    private static final int THREADS = 256;

    /// Three slices of both operands, 32 deep, with a gap of 8 behind each of 128 rows.
    private static final int SHARED_BYTES = 3 * 2 * TILE * (32 + 8) * Short.BYTES;

    private final DeviceAddress complaint;
    private final RowProducts rowProducts;
    private final CudaKernel<Product> forward;
    private final CudaKernel<Product> forwardWide;
    private final CudaKernel<Product> backward;
    private final CudaKernel<Product> backwardGelu;
    private final CudaKernel<Weight> weight;
    private final CudaKernel<RowProducts.Stream> stream;
    private final CudaKernel<RowProducts.Stream> streamWide;

    record Product(
            DeviceAddress y,
            DeviceAddress saved,
            DeviceAddress x,
            DeviceAddress weight,
            DeviceAddress bias,
            DeviceAddress plan,
            DeviceAddress choiceOf,
            DeviceAddress complaint,
            int N,
            int columns,
            int depth,
            int K,
            int choices,
            int form) {}

    record Weight(
            DeviceAddress dWeight,
            DeviceAddress dBias,
            DeviceAddress dy,
            DeviceAddress x,
            DeviceAddress starts,
            DeviceAddress counts,
            DeviceAddress choiceOf,
            DeviceAddress complaint,
            int N,
            int out,
            int in,
            int K,
            int choices) {}

    Bf16Products(CudaQueue queue, RowProducts rowProducts) {
        this.rowProducts = rowProducts;
        complaint = queue.complaint();
        forward = queue.kernel(SOURCE, "product_forward_bf16", Product.class);
        forwardWide = queue.kernel(SOURCE, "product_forward_bf16_wide", Product.class);
        backward = queue.kernel(SOURCE, "product_backward_bf16", Product.class);
        backwardGelu = queue.kernel(SOURCE, "product_backward_gelu_bf16", Product.class);
        weight = queue.kernel(SOURCE, "product_weight_bf16", Weight.class);
        stream = queue.kernel(RowProducts.STREAM, "product_stream_bf16", RowProducts.Stream.class);
        streamWide = queue.kernel(RowProducts.STREAM, "product_stream_bf16_wide", RowProducts.Stream.class);
    }

    @Override
    public int elementBytes() {
        return Short.BYTES;
    }

    @Override
    public long workspaceBytes(ProductRows rows, int columns, int depth) {
        return rows.isDense() ? 0 : RowProducts.planBytes(rowTiles(rows));
    }

    @Override
    public boolean streams(ProductRows rows) {
        return RowProducts.streams(rows);
    }

    @Override
    public void plan(ProductRows rows, DeviceAddress workspace) {
        rowProducts.plan(rows, TILE, workspace);
    }

    @Override
    public void forward(RowProducts.Layer layer, ProductRows rows, DeviceAddress workspace) {
        if (streams(rows)) {
            rowProducts.stream(stream, layer, rows);
        } else {
            launch(forward, layer, rows, workspace);
        }
    }

    @Override
    public void forwardWide(RowProducts.Layer layer, ProductRows rows, DeviceAddress workspace) {
        if (streams(rows)) {
            rowProducts.stream(streamWide, layer, rows);
        } else {
            launch(forwardWide, layer, rows, workspace);
        }
    }

    @Override
    public void backward(RowProducts.Gradient gradient, ProductRows rows, DeviceAddress workspace) {
        launch(backward, gradient.layer(DeviceAddress.NONE, RowProducts.IDENTITY), rows, workspace);
    }

    @Override
    public void backwardGelu(
            RowProducts.Gradient gradient, DeviceAddress pre, int form, ProductRows rows, DeviceAddress workspace) {
        launch(backwardGelu, gradient.layer(pre, form), rows, workspace);
    }

    @Override
    public long gradientWorkspaceBytes(ProductRows rows, int out, int in) {
        return 0;
    }

    @Override
    public void accumulate(WeightProducts.Gradient gradient, ProductRows rows, DeviceAddress workspace) {
        int tiles = Math.multiplyExact(Math.ceilDiv(gradient.out(), TILE), Math.ceilDiv(gradient.in(), TILE));
        weight.launch(
                new Grid(tiles, 1, rows.E(), THREADS, 1, 1, SHARED_BYTES),
                new Weight(
                        gradient.dWeight(),
                        gradient.dBias(),
                        gradient.dy(),
                        gradient.x(),
                        rows.starts(),
                        rows.counts(),
                        rows.choiceOf(),
                        complaint,
                        rows.N(),
                        gradient.out(),
                        gradient.in(),
                        rows.K(),
                        rows.choices()));
    }

    private void launch(
            CudaKernel<Product> kernel, RowProducts.Layer layer, ProductRows rows, DeviceAddress workspace) {
        int tiles = Math.toIntExact(rowTiles(rows) * Math.ceilDiv(layer.out(), TILE));
        kernel.launch(
                Grid.of(tiles, THREADS).shared(SHARED_BYTES),
                new Product(
                        layer.y(),
                        layer.saved(),
                        layer.x(),
                        layer.weight(),
                        layer.bias(),
                        rows.isDense() ? DeviceAddress.NONE : workspace,
                        rows.choiceOf(),
                        complaint,
                        rows.N(),
                        layer.out(),
                        layer.in(),
                        rows.K(),
                        rows.choices(),
                        layer.form()));
    }

    /// With experts, the most that there can be: each may leave one unfilled.
    private static long rowTiles(ProductRows rows) {
        return rows.isDense() ? Math.ceilDiv(rows.N(), TILE) : rows.N() / TILE + (long) rows.E();
    }
}
