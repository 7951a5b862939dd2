package dev.tandem.cuda;

/// `product_weight.cu`: our own products of F32 that give the gradients of weights and biases, dense and of
/// experts. Bound by arithmetic. Too few tiles are cut along the rows, and partial sums added in order.
final class WeightProducts {
    private static final String SOURCE = "product_weight.cu";
    private static final int FINISH_THREADS = 256;

    private final DeviceAddress complaint;
    private final CudaKernel<Weight> large;
    private final CudaKernel<Weight> small;
    private final CudaKernel<Weight> finish;

    record Weight(
            DeviceAddress dWeight,
            DeviceAddress dBias,
            DeviceAddress dy,
            DeviceAddress x,
            DeviceAddress partial,
            DeviceAddress starts,
            DeviceAddress counts,
            DeviceAddress choiceOf,
            DeviceAddress complaint,
            int N,
            int out,
            int in,
            int range,
            int K,
            int choices) {}

    /// Operands of a gradient; `dBias` may be none.
    record Gradient(DeviceAddress dWeight, DeviceAddress dBias, DeviceAddress dy, DeviceAddress x, int out, int in) {
        /// The same with the weight's gradient in another place, and no bias.
        Gradient weightInto(DeviceAddress otherDWeight) {
            return new Gradient(otherDWeight, DeviceAddress.NONE, dy, x, out, in);
        }
    }

    WeightProducts(CudaQueue queue) {
        complaint = queue.complaint();
        large = queue.kernel(SOURCE, "product_weight_large", Weight.class);
        small = queue.kernel(SOURCE, "product_weight_small", Weight.class);
        finish = queue.kernel(SOURCE, "product_weight_finish", Weight.class);
    }

    /// Bytes of the workspace that a gradient wants; none with experts.
    static long workspaceBytes(ProductRows rows, int out, int in) {
        int ranges = tiling(rows, out, in).ranges();
        return ranges == 1 ? 0 : ranges * ((long) out * in + out) * Float.BYTES;
    }

    /// `dWeight += dyᵀ·x`, `dBias += Σ dy`.
    void accumulate(Gradient gradient, ProductRows rows, DeviceAddress workspace) {
        Tiling tiling = tiling(rows, gradient.out(), gradient.in());
        var weight = new Weight(
                gradient.dWeight(),
                gradient.dBias(),
                gradient.dy(),
                gradient.x(),
                workspace,
                rows.starts(),
                rows.counts(),
                rows.choiceOf(),
                complaint,
                rows.N(),
                gradient.out(),
                gradient.in(),
                tiling.range(),
                rows.K(),
                rows.choices());
        (tiling.large() ? large : small).launch(tiling.grid(rows.E()), weight);
        if (tiling.ranges() > 1) {
            long elements = (long) gradient.out() * (gradient.in() + 1L);
            finish.launch(Grid.covering(elements, FINISH_THREADS), weight);
        }
    }

    private static Tiling tiling(ProductRows rows, int out, int in) {
        return Tiling.of(out, in, rows.N(), rows.E(), rows.isDense());
    }
}
