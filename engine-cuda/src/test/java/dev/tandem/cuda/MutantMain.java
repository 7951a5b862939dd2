package dev.tandem.cuda;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/// Runs the test class named by `-Dtandem.mutant.tests` up to its first failure.
final class MutantMain {
    static final String TESTS = "tandem.mutant.tests";
    static final int KILLED = 10;
    static final int SURVIVED = 11;
    static final int NOTHING_RAN = 12;

    // a mutant may wait for itself for ever
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private MutantMain() {}

    public static void main(String[] arguments) {
        Thread.ofPlatform().daemon().start(MutantMain::giveUp);
        try {
            HostLibrary.build();
        } catch (IllegalStateException e) {
            System.out.println(e.getMessage());
            Runtime.getRuntime().halt(NOTHING_RAN);
        }
        var passed = new AtomicInteger();
        var request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass("dev.tandem.cuda." + System.getProperty(TESTS)))
                .build();
        LauncherFactory.create().execute(request, new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (result.getStatus() == Status.FAILED) {
                    System.out.println(test.getDisplayName() + ": "
                            + result.getThrowable().map(Throwable::toString).orElse(""));
                    Runtime.getRuntime().halt(KILLED);
                }
                if (test.isTest() && result.getStatus() == Status.SUCCESSFUL) {
                    passed.incrementAndGet();
                }
            }
        });
        Runtime.getRuntime().halt(passed.get() > 0 ? SURVIVED : NOTHING_RAN);
    }

    private static void giveUp() {
        try {
            Thread.sleep(PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        System.out.println("no end after " + PATIENCE);
        Runtime.getRuntime().halt(KILLED);
    }
}
