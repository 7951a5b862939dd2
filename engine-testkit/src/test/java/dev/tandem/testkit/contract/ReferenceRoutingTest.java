package dev.tandem.testkit.contract;

import dev.tandem.engine.Backend;
import dev.tandem.testkit.ReferenceBackend;

final class ReferenceRoutingTest extends RoutingContract {
    @Override
    protected Backend open() {
        return ReferenceBackend.open();
    }
}
