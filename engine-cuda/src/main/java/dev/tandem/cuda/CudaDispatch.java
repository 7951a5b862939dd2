package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Dispatch;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Routing;

/// Not written yet.
final class CudaDispatch implements Dispatch {
    CudaDispatch(CudaQueue queue) {}

    @Override
    public void scatter(Tensor expertX, Tensor x, Routing routing, ExpertRows rows) {
        throw new UnsupportedOperationException("Dispatch");
    }

    @Override
    public void scatterBackward(Tensor dx, Tensor dExpertX, Routing routing, ExpertRows rows) {
        throw new UnsupportedOperationException("Dispatch");
    }

    @Override
    public void gather(Tensor y, Tensor expertY, Routing routing, ExpertRows rows) {
        throw new UnsupportedOperationException("Dispatch");
    }

    @Override
    public void gatherBackward(
            Tensor dExpertY, Tensor dWeight, Tensor dy, Tensor expertY, Routing routing, ExpertRows rows) {
        throw new UnsupportedOperationException("Dispatch");
    }
}
