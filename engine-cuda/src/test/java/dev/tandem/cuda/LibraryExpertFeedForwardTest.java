package dev.tandem.cuda;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.testkit.contract.ExpertFeedForwardContract;
import dev.tandem.testkit.contract.Tolerance;

final class LibraryExpertFeedForwardTest extends ExpertFeedForwardContract {
    @Override
    protected Backend open() {
        return LibraryBackend.open();
    }

    @Override
    protected Backend open(int threads) {
        return LibraryBackend.open(threads);
    }

    /// With BF16 the pre-activation is rounded before it is activated, and the gradient of the hidden block before
    /// it passes the activation: one more rounding behind every term.
    @Override
    protected Tolerance allowed(Tolerance contracted, ElementType type) {
        return contracted.through(type, 1);
    }
}
