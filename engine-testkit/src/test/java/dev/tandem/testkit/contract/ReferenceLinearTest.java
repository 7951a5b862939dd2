package dev.tandem.testkit.contract;

import dev.tandem.engine.Backend;
import dev.tandem.testkit.ReferenceBackend;

final class ReferenceLinearTest extends LinearContract {
    @Override
    protected Backend open() {
        return ReferenceBackend.open();
    }
}
