package dev.tandem.cuda;

import dev.tandem.engine.Backend;
import dev.tandem.testkit.contract.DispatchContract;

final class CudaDispatchTest extends DispatchContract {
    @Override
    protected Backend open() {
        return ShimBackend.open();
    }

    @Override
    protected Backend open(int threads) {
        return ShimBackend.open(threads);
    }
}
