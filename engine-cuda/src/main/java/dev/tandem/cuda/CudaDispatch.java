package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Dispatch;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Routing;
import java.util.Optional;

/// `dispatch.cu`: bound by the bytes of rows, 4·(1 + K)·N·C, and 4·(1 + 2·K)·N·C for the gradient of
/// gather.
///
/// Expert rows that nobody owns are zero-filled where an expert buffer is written, so that products
/// over padded rows add nothing by them.
final class CudaDispatch implements Dispatch {
    private static final String SOURCE = "dispatch.cu";
    private static final int THREADS = 256;
    private static final int TILE_COLUMNS = 512;
    private static final int MOST_TILES = 65_535;
    private static final int GROUP_ROWS = 32;

    private final CudaQueue queue;
    private final TypedKernel<Clear> clear;
    private final TypedKernel<Scatter> scatter;
    private final TypedKernel<Gather> gather;
    private final TypedKernel<Backward> backward;

    record Clear(Tensor buffer, Tensor choiceOf, int R, int C) {}

    record Scatter(
            Tensor expertX,
            Tensor x,
            Tensor expert,
            Tensor slot,
            Tensor starts,
            Tensor counts,
            DeviceAddress complaint,
            int N,
            int K,
            int E,
            int R,
            int C) {}

    record Gather(
            Tensor y,
            Tensor expertY,
            Tensor expert,
            Tensor slot,
            Optional<Tensor> weight,
            Tensor starts,
            Tensor counts,
            DeviceAddress complaint,
            int N,
            int K,
            int E,
            int R,
            int C) {}

    record Backward(
            Tensor dExpertY,
            Tensor dWeight,
            Tensor dy,
            Tensor expertY,
            Tensor expert,
            Tensor slot,
            Tensor weight,
            Tensor starts,
            Tensor counts,
            DeviceAddress complaint,
            int N,
            int K,
            int E,
            int R,
            int C) {}

    CudaDispatch(CudaQueue queue) {
        this.queue = queue;
        clear = TypedKernel.of(queue, SOURCE, "dispatch_clear", Clear.class);
        scatter = TypedKernel.of(queue, SOURCE, "dispatch_scatter", Scatter.class);
        gather = TypedKernel.of(queue, SOURCE, "dispatch_gather", Gather.class);
        backward = TypedKernel.of(queue, SOURCE, "dispatch_backward", Backward.class);
    }

    @Override
    public void scatter(Tensor expertX, Tensor x, Routing routing, ExpertRows rows) {
        clear(expertX, rows);
        scatter.of(x)
                .launch(
                        tiles(x),
                        new Scatter(
                                expertX,
                                x,
                                routing.expert(),
                                routing.slot(),
                                rows.starts(),
                                rows.counts(),
                                queue.complaint(),
                                (int) x.shape().rows(),
                                routing.expert().shape().last(),
                                rows.starts().shape().last(),
                                rows.choiceOf().shape().last(),
                                x.shape().last()));
    }

    @Override
    public void scatterBackward(Tensor dx, Tensor dExpertX, Routing routing, ExpertRows rows) {
        gather(dx, dExpertX, Optional.empty(), routing, rows);
    }

    @Override
    public void gather(Tensor y, Tensor expertY, Routing routing, ExpertRows rows) {
        gather(y, expertY, Optional.of(routing.weight()), routing, rows);
    }

    private void gather(Tensor y, Tensor expertY, Optional<Tensor> weight, Routing routing, ExpertRows rows) {
        gather.of(y)
                .launch(
                        tiles(y),
                        new Gather(
                                y,
                                expertY,
                                routing.expert(),
                                routing.slot(),
                                weight,
                                rows.starts(),
                                rows.counts(),
                                queue.complaint(),
                                (int) y.shape().rows(),
                                routing.expert().shape().last(),
                                rows.starts().shape().last(),
                                rows.choiceOf().shape().last(),
                                y.shape().last()));
    }

    @Override
    public void gatherBackward(
            Tensor dExpertY, Tensor dWeight, Tensor dy, Tensor expertY, Routing routing, ExpertRows rows) {
        int N = (int) dy.shape().rows();
        clear(dExpertY, rows);
        backward.of(dy)
                .launch(
                        Grid.warps(N, THREADS),
                        new Backward(
                                dExpertY,
                                dWeight,
                                dy,
                                expertY,
                                routing.expert(),
                                routing.slot(),
                                routing.weight(),
                                rows.starts(),
                                rows.counts(),
                                queue.complaint(),
                                N,
                                routing.expert().shape().last(),
                                rows.starts().shape().last(),
                                rows.choiceOf().shape().last(),
                                dy.shape().last()));
    }

    private void clear(Tensor buffer, ExpertRows rows) {
        int R = rows.choiceOf().shape().last();
        long groups = Math.ceilDiv(R, GROUP_ROWS);
        clear.of(buffer)
                .launch(
                        Grid.warps(groups, THREADS),
                        new Clear(buffer, rows.choiceOf(), R, buffer.shape().last()));
    }

    /// A warp for each token and tile of columns.
    private static Grid tiles(Tensor tokens) {
        Grid rows = Grid.warps(tokens.shape().rows(), THREADS);
        int columns = Math.min(MOST_TILES, Math.ceilDiv(tokens.shape().last(), TILE_COLUMNS));
        return new Grid(rows.x(), columns, 1, THREADS, 1, 1, 0);
    }
}
