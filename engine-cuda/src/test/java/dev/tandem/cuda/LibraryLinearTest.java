package dev.tandem.cuda;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.testkit.contract.LinearContract;
import dev.tandem.testkit.contract.Tolerance;

final class LibraryLinearTest extends LinearContract {
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
