package dev.tandem.testkit.vectors;

import dev.tandem.engine.Backend;
import dev.tandem.testkit.ReferenceBackend;
import dev.tandem.testkit.contract.VectorContract;

final class ReferenceVectorTest extends VectorContract {
    @Override
    protected Backend open() {
        return ReferenceBackend.open();
    }
}
