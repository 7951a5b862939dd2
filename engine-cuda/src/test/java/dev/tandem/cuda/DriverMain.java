package dev.tandem.cuda;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.Arrays;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/// Runs the test classes named by `-Dtandem.shim.tests` in a process that [ShimDriver] started.
final class DriverMain {
    private DriverMain() {}

    public static void main(String[] arguments) {
        ShimDriver.load();
        var request = LauncherDiscoveryRequestBuilder.request()
                .selectors(Arrays.stream(System.getProperty("tandem.shim.tests").split(",", -1))
                        .map(name -> selectClass("dev.tandem.cuda." + name))
                        .toList())
                .build();
        var listener = new SummaryGeneratingListener();
        LauncherFactory.create().execute(request, listener);
        TestExecutionSummary summary = listener.getSummary();
        summary.getFailures().forEach(failure -> {
            System.out.println(failure.getTestIdentifier().getUniqueId());
            failure.getException().printStackTrace(System.out);
        });
        System.out.printf(
                "%d passed, %d failed, %d skipped%n",
                summary.getTestsSucceededCount(), summary.getTotalFailureCount(), summary.getTestsSkippedCount());
        System.exit(summary.getTotalFailureCount() == 0 ? 0 : 1);
    }
}
