package dev.tandem.cuda;

import dev.tandem.engine.Backend;
import dev.tandem.testkit.contract.RoutingContract;

final class CudaRoutingTest extends RoutingContract {
    @Override
    protected Backend open() {
        return ShimBackend.open();
    }
}
