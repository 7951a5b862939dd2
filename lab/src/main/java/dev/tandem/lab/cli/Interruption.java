package dev.tandem.lab.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// Lets Ctrl-C end a run with its report: the virtual machine is kept alive until this is closed,
/// but no longer than a minute.
final class Interruption implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;
    private final AtomicBoolean requested = new AtomicBoolean();
    private final CountDownLatch finished = new CountDownLatch(1);
    private final Thread hook;

    Interruption() {
        hook = new Thread(this::await, "tandem-interruption");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void await() {
        requested.set(true);
        try {
            if (!finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("tandem: gave up waiting for the report");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    boolean requested() {
        return requested.get();
    }

    @Override
    public void close() {
        finished.countDown();
        if (!requested.get()) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // the machine is shutting down just now; the hook returns at once
                finished.countDown();
            }
        }
    }
}
