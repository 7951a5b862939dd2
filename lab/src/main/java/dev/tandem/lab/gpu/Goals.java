package dev.tandem.lab.gpu;

import static dev.tandem.lab.gpu.Goal.most;
import static dev.tandem.lab.gpu.Goal.share;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/// The goals of the CUDA backend, as far as a report can judge them. Ceilings are those of the same run.
///
/// @param report what was found
record Goals(GpuReport report) {
    private static final String DECODE = "64x1024x4096";
    private static final String DECODE_ONE = "1x1024x4096";
    private static final String FORWARD = "MoeLayerBenchmark.forward";
    private static final String BOTH = "MoeLayerBenchmark.forwardBackward";
    private static final String UPDATE = "TrainingStepBenchmark.update";
    private static final List<String> PRODUCTS = List.of("forward", "backwardData", "backwardWeight");
    private static final double MICRO = 1e-6;

    /// All of them, in their order.
    List<Goal> all() {
        return List.of(
                share("G1 layer A, both directions, of the GEMM ceiling", flopShare(Suite.LAYER_A), 0.65, 0.75, 0.85),
                share("G2 layer A, PyTorch's best time / ours", report.peerRatio(GpuReport.BOTH_A), 1, 1.3, 1.6),
                share("G3 layer B, both directions, of the GEMM ceiling", flopShare(Suite.LAYER_B), 0.50, 0.62, 0.72),
                share("G3 layer B, PyTorch's best time / ours", report.peerRatio(GpuReport.BOTH_B), 1, 1.3, 1.6),
                share("G4 experts' product, of cuBLAS strided-batched", batchedShare(), 0.90, 0.98, 1.05),
                share("G5 dispatch and combine, of the copy ceiling", worst("Dispatch"), 0.70, 0.80, 0.90),
                most("G6 gate of A, µs", gate(Suite.GATE_A), 40, 25, 9),
                most("G6 gate of B, µs", gate(Suite.GATE_B), 130, 90, 55),
                most("G7 layer A, part that is not the experts' products", besideProducts(), 0.30, 0.18, 0.08),
                share("G8 layer norm, of the copy ceiling", worst("LayerNorm"), 0.75, 0.85, 0.92),
                share("G8 GELU, of the copy ceiling", worst("Gelu"), 0.75, 0.85, 0.92),
                share("G8 cross entropy, of the copy ceiling", worst("CrossEntropy"), 0.75, 0.85, 0.92),
                share("G8 AdamW, of the copy ceiling", worst("AdamW"), 0.75, 0.85, 0.92),
                share("G9 training, forward and backward, of the GEMM ceiling", gradientsShare(), 0.45, 0.55, 0.65),
                share("G10 training, whole update of 8 micro-batches", updateShare(), 0.40, 0.50, 0.60),
                most("G11 decode layer, 64 tokens, times its floor", overFloor(DECODE), 1.30, 1.12, 1.05),
                most("G12 decode layer, 1 token, times its floor", overFloor(DECODE_ONE), 3.5, 2.2, 1.6),
                most("G13 host, µs per launch, the device's part included", launch(), 5, 2, 1),
                most("G14 cost of determinism (there is no other build)", Double.NaN, 0.05, 0.02, 0),
                most("G15 cold start to a report of the device, s", report.seconds("doctor"), 4, 2, 1),
                most("G16 kernels that disagree with the CPU or the oracle", disagreeing(), 0, 0, 0));
    }

    private double flopShare(String layer) {
        return only(BOTH, Measurement::flops, layer, Suite.EVEN) / report.ceilingFlops();
    }

    /// Rows as they come, against the library with every row full.
    private double batchedShare() {
        return only("ExpertLinearBenchmark.forward", Measurement::flops, Suite.SKEWED)
                / report.peers().number("batchedGemmFlops");
    }

    private double gate(String size) {
        return only("GateBenchmark.forward", Measurement::median, size) / MICRO;
    }

    /// The experts' six products are two of each kind, of equal work, over the rows that the layer has.
    private double besideProducts() {
        double products = PRODUCTS.stream()
                .mapToDouble(product -> 2 * only("ExpertLinearBenchmark." + product, Measurement::median, Suite.PADDED))
                .sum();
        return 1 - products / only(BOTH, Measurement::median, Suite.LAYER_A, Suite.EVEN);
    }

    /// What seven more micro-batches cost is forward and backward alone.
    private double gradientsShare() {
        double more = update(Measurement::median, Suite.ACCUMULATED) - update(Measurement::median, "1");
        double flop = update(Measurement::flop, Suite.ACCUMULATED) - update(Measurement::flop, "1");
        return flop / more / report.ceilingFlops();
    }

    private double updateShare() {
        return update(Measurement::flops, Suite.ACCUMULATED) / report.ceilingFlops();
    }

    private double update(ToDoubleFunction<Measurement> what, String microBatches) {
        return first(
                found -> found.matches(UPDATE, Suite.MODEL)
                        && microBatches.equals(found.parameters().get("microBatches")),
                what);
    }

    private double overFloor(String size) {
        return report.ceilingBytes() / only(FORWARD, Measurement::bytesPerSecond, size, Suite.EVEN);
    }

    private double launch() {
        return only("LaunchBenchmark.launch", Measurement::median) / MICRO;
    }

    private double disagreeing() {
        return report.comparisons().isEmpty()
                ? Double.NaN
                : report.comparisons().stream()
                        .flatMap(comparison -> comparison.list("kernels").stream())
                        .filter(kernel ->
                                !Boolean.TRUE.equals(kernel.child("passed").value()))
                        .count();
    }

    private double only(String name, ToDoubleFunction<Measurement> what, String... parameters) {
        return first(found -> found.matches(name, parameters), what);
    }

    private double first(Predicate<Measurement> which, ToDoubleFunction<Measurement> what) {
        return report.measurements().stream()
                .filter(which)
                .mapToDouble(what)
                .findFirst()
                .orElse(Double.NaN);
    }

    /// The slowest direction of a kernel.
    private double worst(String kernel) {
        return report.measurements().stream()
                .filter(found -> found.name().startsWith(kernel + "Benchmark."))
                .mapToDouble(found -> found.bytesPerSecond() / report.ceilingBytes())
                .reduce(Double.NaN, (a, b) -> a <= b ? a : b);
    }
}
