package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Tensor;
import java.util.concurrent.locks.ReentrantLock;

/// Lets one call at a time into a backend, and none once it is closed. Held while a kernel runs,
/// so that no other thread can free an operand meanwhile.
public final class Guard {
    private final ReentrantLock lock = new ReentrantLock();
    private final String backendName;
    private boolean closed;

    public Guard(String backendName) {
        this.backendName = backendName;
    }

    /// Begins a call.
    ///
    /// @throws IllegalStateException if the backend is closed
    public void enter(String call) {
        lock.lock();
        if (closed) {
            lock.unlock();
            throw new IllegalStateException("%s: backend '%s' is closed".formatted(call, backendName));
        }
    }

    /// Ends a call.
    public void exit() {
        lock.unlock();
    }

    /// Begins the last call. Returns false, with nothing begun, if the backend is closed already.
    public boolean seal() {
        lock.lock();
        if (closed) {
            lock.unlock();
            return false;
        }
        closed = true;
        return true;
    }

    /// Refuses a tensor of another backend or of a closed region.
    public void usable(String call, String operand, Tensor tensor, Backend backend) {
        Region region = tensor.storage().region();
        if (region.backend() != backend) {
            throw new IllegalArgumentException("%s: %s '%s' belongs to backend '%s', not to this one ('%s')"
                    .formatted(call, operand, tensor.name(), region.backend().name(), backendName));
        }
        if (!region.isOpen()) {
            throw new IllegalStateException("%s: %s '%s' is in region '%s', which is closed"
                    .formatted(call, operand, tensor.name(), region.name()));
        }
    }
}
