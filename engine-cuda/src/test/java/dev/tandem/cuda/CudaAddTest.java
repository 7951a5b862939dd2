package dev.tandem.cuda;

import dev.tandem.engine.Backend;
import dev.tandem.testkit.contract.AddContract;

final class CudaAddTest extends AddContract {
    @Override
    protected Backend open() {
        return ShimBackend.open();
    }

    @Override
    protected Backend open(int threads) {
        return ShimBackend.open(threads);
    }
}
