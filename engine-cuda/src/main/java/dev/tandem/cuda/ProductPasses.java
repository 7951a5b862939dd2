package dev.tandem.cuda;

import dev.tandem.engine.ElementType;

/// `product_pass.cu` and `product_bias.cu`: what a library's product leaves to be done, bound by bytes.
final class ProductPasses {
    private static final String PASS = "product_pass.cu";
    private static final String BIAS = "product_bias.cu";
    private static final int THREADS = 256;
    private static final int BIAS_THREADS = 128;
    private static final int BIAS_COLUMNS = 4 * BIAS_THREADS;
    private static final int CHUNK_ROWS = 128;
    private static final int MOST_BLOCKS = 65_535;

    private final TypedKernel<Activate> activate;
    private final TypedKernel<ThroughGelu> throughGelu;
    private final TypedKernel<Bias> bias;
    private final CudaKernel<Bias> biasFinish;
    private final GrowingMemory partial;

    record Activate(
            DeviceAddress y,
            DeviceAddress saved,
            DeviceAddress sums,
            DeviceAddress bias,
            int rows,
            int matrixRows,
            int columns,
            int form) {}

    record ThroughGelu(
            DeviceAddress pre, DeviceAddress hidden, DeviceAddress counts, int R, int S, int columns, int form) {}

    record Bias(
            DeviceAddress dBias,
            DeviceAddress partial,
            DeviceAddress dy,
            DeviceAddress counts,
            int matrices,
            int matrixRows,
            int columns,
            int chunks,
            int chunkRows) {}

    ProductPasses(CudaQueue queue) {
        activate = TypedKernel.of(queue, PASS, "product_activate", Activate.class);
        throughGelu = TypedKernel.of(queue, PASS, "product_through_gelu", ThroughGelu.class);
        bias = TypedKernel.of(queue, BIAS, "product_bias", Bias.class);
        biasFinish = queue.kernel(BIAS, "product_bias_finish", Bias.class);
        partial = queue.memory("partial sums of biases");
    }

    /// `layer.saved = sums + bias`, `layer.y = gelu(sums + bias)`; the sums may lie in either result.
    ///
    /// @param type of sums and results
    /// @param bias none if the sums have it already
    void activate(ElementType type, RowProducts.Layer layer, DeviceAddress sums, DeviceAddress bias, ProductRows rows) {
        DeviceAddress saved =
                sums.equals(layer.saved()) && bias.equals(DeviceAddress.NONE) ? DeviceAddress.NONE : layer.saved();
        activate.of(type)
                .launch(
                        Grid.warps(rows.N(), THREADS),
                        new Activate(
                                layer.y(), saved, sums, bias, rows.N(), rows.matrixRows(), layer.out(), layer.form()));
    }

    /// `hidden = gelu(pre)`, `pre = hidden · gelu'(pre)`, zero in rows that nobody owns.
    void throughGelu(
            ElementType type, DeviceAddress pre, DeviceAddress hidden, int columns, int form, ProductRows rows) {
        throughGelu
                .of(type)
                .launch(
                        Grid.warps(rows.N(), THREADS),
                        new ThroughGelu(pre, hidden, rows.counts(), rows.N(), rows.matrixRows(), columns, form));
    }

    /// `dBias += Σ dy` over the rows of each matrix.
    void bias(ElementType type, DeviceAddress dBias, DeviceAddress dy, int columns, ProductRows rows) {
        int chunks = Math.ceilDiv(rows.matrixRows(), CHUNK_ROWS);
        var arguments = new Bias(
                dBias,
                partial.holding((long) rows.E() * chunks * columns * Float.BYTES),
                dy,
                rows.counts(),
                rows.E(),
                rows.matrixRows(),
                columns,
                chunks,
                CHUNK_ROWS);
        int across = Math.ceilDiv(columns, BIAS_COLUMNS);
        int down = Math.min(MOST_BLOCKS, chunks);
        bias.of(type).launch(new Grid(across, down, Math.min(MOST_BLOCKS, rows.E()), BIAS_THREADS, 1, 1, 0), arguments);
        biasFinish.launch(Grid.covering((long) rows.E() * columns, THREADS), arguments);
    }
}
