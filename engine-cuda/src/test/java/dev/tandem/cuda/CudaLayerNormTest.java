package dev.tandem.cuda;

import dev.tandem.engine.Backend;
import dev.tandem.testkit.contract.LayerNormContract;

final class CudaLayerNormTest extends LayerNormContract {
    @Override
    protected Backend open() {
        return ShimBackend.open();
    }

    @Override
    protected Backend open(int threads) {
        return ShimBackend.open(threads);
    }
}
