package dev.tandem.cuda;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.testkit.contract.ExpertLinearContract;
import dev.tandem.testkit.contract.Tolerance;

final class LibraryExpertLinearTest extends ExpertLinearContract {
    @Override
    protected Backend open() {
        return LibraryBackend.open();
    }

    @Override
    protected Backend open(int threads) {
        return LibraryBackend.open(threads);
    }

    @Override
    protected Tolerance allowed(Tolerance contracted, ElementType type) {
        return LibraryBackend.allowed(contracted, type);
    }
}
