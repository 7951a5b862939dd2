package dev.tandem.lab.gpu;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/// What a measurement should come to.
///
/// @param name short
/// @param value what it came to; NaN where it was not measured
/// @param more whether more is better
/// @param gate without which nothing is shipped
/// @param target what is worked for
/// @param moonshot what nobody has
record Goal(String name, double value, boolean more, double gate, double target, double moonshot) {
    private static final String DECODE = "64x1024x4096";
    private static final String DECODE_ONE = "1x1024x4096";
    private static final String FORWARD = "MoeLayerBenchmark.forward";
    private static final String BOTH = "MoeLayerBenchmark.forwardBackward";
    private static final double MICRO = 1e-6;

    /// Those that a report can judge.
    static List<Goal> of(GpuReport report) {
        return List.of(
                share("layer of shape A, both directions, of the GEMM ceiling", flopShare(report), 0.65, 0.75, 0.85),
                share(
                        "layer of shape A, both directions, PyTorch's best time / ours",
                        report.peerRatio(GpuReport.BOTH),
                        1,
                        1.3,
                        1.6),
                share("dispatch and combine, of the copy ceiling", worst(report, "Dispatch"), 0.70, 0.80, 0.90),
                most("gate of shape A, µs", median(report, "GateBenchmark.forward") / MICRO, 40, 25, 9),
                share("layer norm, of the copy ceiling", worst(report, "LayerNorm"), 0.75, 0.85, 0.92),
                share("GELU, of the copy ceiling", worst(report, "Gelu"), 0.75, 0.85, 0.92),
                share("cross entropy, of the copy ceiling", worst(report, "CrossEntropy"), 0.75, 0.85, 0.92),
                share("AdamW, of the copy ceiling", worst(report, "AdamW"), 0.75, 0.85, 0.92),
                most("decode layer, 64 tokens, times its floor", overFloor(report, DECODE), 1.30, 1.12, 1.05),
                most("decode layer, 1 token, times its floor", overFloor(report, DECODE_ONE), 3.5, 2.2, 1.6));
    }

    private static Goal share(String name, double value, double gate, double target, double moonshot) {
        return new Goal(name, value, true, gate, target, moonshot);
    }

    private static Goal most(String name, double value, double gate, double target, double moonshot) {
        return new Goal(name, value, false, gate, target, moonshot);
    }

    private static double flopShare(GpuReport report) {
        return only(report, found -> found.matches(BOTH, Suite.LAYER_A, Suite.EVEN), Measurement::flops)
                / report.ceilingFlops();
    }

    private static double overFloor(GpuReport report, String size) {
        return report.ceilingBytes()
                / only(report, found -> found.matches(FORWARD, size, Suite.EVEN), Measurement::bytesPerSecond);
    }

    private static double median(GpuReport report, String name) {
        return only(report, found -> found.matches(name), Measurement::median);
    }

    private static double only(GpuReport report, Predicate<Measurement> which, ToDoubleFunction<Measurement> what) {
        return report.measurements().stream()
                .filter(which)
                .mapToDouble(what)
                .findFirst()
                .orElse(Double.NaN);
    }

    /// The slowest direction of a kernel.
    private static double worst(GpuReport report, String kernel) {
        return report.measurements().stream()
                .filter(found -> found.name().startsWith(kernel + "Benchmark."))
                .mapToDouble(found -> found.bytesPerSecond() / report.ceilingBytes())
                .reduce(Double.NaN, (a, b) -> a <= b ? a : b);
    }

    /// The highest level reached, in a word.
    String verdict() {
        if (Double.isNaN(value)) {
            return "not measured";
        }
        if (reaches(moonshot)) {
            return "moonshot";
        }
        if (reaches(target)) {
            return "target";
        }
        return reaches(gate) ? "gate" : "missed";
    }

    private boolean reaches(double level) {
        return more ? value >= level : value <= level;
    }
}
