package dev.tandem.lab.selftest;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.lab.report.Fields;
import dev.tandem.lab.report.Table;
import dev.tandem.lab.report.Text;
import dev.tandem.testkit.contract.KernelComparison;
import dev.tandem.testkit.contract.KernelTrials;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// How two backends agree, kernel by kernel.
///
/// @param backend name of the one under test
/// @param against name of the other
/// @param kernels in alphabetic order
public record BackendTable(String backend, String against, List<KernelComparison> kernels) {
    /// Keeps a copy of the list.
    public BackendTable {
        kernels = List.copyOf(kernels);
    }

    /// Compares all kernels, in BF16 too where both offer it.
    ///
    /// @param trials at most so many of each, the smallest
    public static BackendTable of(Backend backend, Backend against, int trials) {
        boolean both = backend.offers(ElementType.BF16) && against.offers(ElementType.BF16);
        return new BackendTable(
                backend.name(),
                against.name(),
                KernelTrials.all().stream()
                        .flatMap(cases -> both ? Stream.of(cases, cases.in(ElementType.BF16)) : Stream.of(cases))
                        .map(cases -> KernelComparison.of(cases.first(trials), backend, against))
                        .toList());
    }

    /// Whether they agree in every kernel.
    public boolean passed() {
        return kernels.stream().allMatch(KernelComparison::passed);
    }

    /// The table, what is wrong, and `N passed, M failed`.
    public void print(Consumer<String> line) {
        var table = new Table(
                "kernel", "trials", "worst error / tolerance", "integers", backend, against, "speed", "result");
        for (KernelComparison kernel : kernels) {
            table.row(
                    kernel.kernel(),
                    String.valueOf(kernel.trials()),
                    Text.fixed(kernel.worst(), 3),
                    kernel.integersDiffer() == 0 ? "equal" : kernel.integersDiffer() + " differ",
                    milliseconds(kernel.seconds()),
                    milliseconds(kernel.againstSeconds()),
                    Text.fixed(kernel.speed(), 2) + " x",
                    kernel.passed() ? "pass" : "FAIL");
        }
        table.plain().lines().forEach(line);
        kernels.forEach(kernel ->
                kernel.complaints().forEach(complaint -> line.accept("FAIL  " + kernel.kernel() + ", " + complaint)));
        long passed = kernels.stream().filter(KernelComparison::passed).count();
        line.accept("%d passed, %d failed".formatted(passed, kernels.size() - passed));
    }

    private static String milliseconds(double seconds) {
        return Text.fixed(seconds * 1e3, 2) + " ms";
    }

    /// As [dev.tandem.lab.report.Json] takes it.
    public Map<String, Object> json() {
        return new Fields()
                .with("backend", backend)
                .with("against", against)
                .with("kernels", kernels.stream().map(BackendTable::json).toList())
                .map();
    }

    private static Map<String, Object> json(KernelComparison kernel) {
        return new Fields()
                .with("kernel", kernel.kernel())
                .with("trials", kernel.trials())
                .with("worstErrorInTolerances", kernel.worst())
                .with("integersThatDiffer", kernel.integersDiffer())
                .with("seconds", kernel.seconds())
                .with("againstSeconds", kernel.againstSeconds())
                .with("speed", kernel.speed())
                .with("passed", kernel.passed())
                .with("complaints", kernel.complaints())
                .map();
    }
}
