package dev.tandem.cuda;

import dev.tandem.engine.Backend;
import dev.tandem.testkit.contract.VectorContract;

final class CudaVectorTest extends VectorContract {
    @Override
    protected Backend open() {
        return ShimBackend.open();
    }
}
