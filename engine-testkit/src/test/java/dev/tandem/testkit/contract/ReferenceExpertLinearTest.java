package dev.tandem.testkit.contract;

import dev.tandem.engine.Backend;
import dev.tandem.testkit.ReferenceBackend;

final class ReferenceExpertLinearTest extends ExpertLinearContract {
    @Override
    protected Backend open() {
        return ReferenceBackend.open();
    }
}
