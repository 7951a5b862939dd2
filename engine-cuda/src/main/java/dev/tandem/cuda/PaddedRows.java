package dev.tandem.cuda;

import dev.tandem.engine.ElementType;

/// `padded_rows.cu`: makes expert rows that lie S apart fit for products over all of them. Bound by the bytes of
/// the rows it writes.
final class PaddedRows {
    private static final String SOURCE = "padded_rows.cu";
    private static final int THREADS = 256;

    private final DeviceAddress complaint;
    private final CudaKernel<PaddedCheck> check;
    private final TypedKernel<Gather> gather;
    private final TypedKernel<Clear> clear;

    record PaddedCheck(DeviceAddress starts, DeviceAddress counts, DeviceAddress complaint, int E, int S) {}

    record Gather(
            DeviceAddress y,
            DeviceAddress x,
            DeviceAddress counts,
            DeviceAddress choiceOf,
            DeviceAddress complaint,
            int R,
            int S,
            int C,
            int K,
            int choices) {}

    record Clear(DeviceAddress y, DeviceAddress counts, int R, int S, int C) {}

    PaddedRows(CudaQueue queue) {
        complaint = queue.complaint();
        check = queue.kernel(SOURCE, "padded_check", PaddedCheck.class);
        gather = TypedKernel.of(queue, SOURCE, "padded_gather", Gather.class);
        clear = TypedKernel.of(queue, SOURCE, "padded_clear", Clear.class);
    }

    /// Complains where the rows do not lie S apart, or an expert has more.
    void check(ProductRows rows) {
        check.launch(
                Grid.covering(rows.E(), THREADS),
                new PaddedCheck(rows.starts(), rows.counts(), complaint, rows.E(), rows.matrixRows()));
    }

    /// `y[r,:] = x[choiceOf[r]/K,:]`, zero in rows that nobody owns.
    void gather(ElementType type, DeviceAddress y, DeviceAddress x, int C, ProductRows rows) {
        gather.of(type)
                .launch(
                        Grid.warps(rows.N(), THREADS),
                        new Gather(
                                y,
                                x,
                                rows.counts(),
                                rows.choiceOf(),
                                complaint,
                                rows.N(),
                                rows.matrixRows(),
                                C,
                                rows.K(),
                                rows.choices()));
    }

    /// Zero in rows of `[R, C]` that nobody owns.
    void clear(ElementType type, DeviceAddress y, int C, ProductRows rows) {
        clear.of(type)
                .launch(Grid.warps(rows.N(), THREADS), new Clear(y, rows.counts(), rows.N(), rows.matrixRows(), C));
    }
}
