package dev.tandem.lab.gpu;

import dev.tandem.lab.report.Fields;
import dev.tandem.lab.report.Json;
import dev.tandem.lab.report.Table;
import dev.tandem.lab.report.Text;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/// All that the check found.
///
/// @param provenance date, program, machine
/// @param backend that was checked
/// @param device what it is, or why it is not available
/// @param available whether it is
/// @param requirements libraries with versions and places
/// @param steps in the order of their run
/// @param comparisons of kernels with other backends, as [dev.tandem.lab.selftest.BackendTable] writes them
/// @param determinism hashes, as `selftest --determinism` writes them
/// @param measurements of JMH
/// @param peers as `gpu_peers.py` writes them
record GpuReport(
        Map<String, Object> provenance,
        String backend,
        String device,
        boolean available,
        Map<String, String> requirements,
        List<Step.Result> steps,
        List<Tree> comparisons,
        Tree determinism,
        List<Measurement> measurements,
        Tree peers) {
    /// Layers that ours and PyTorch's are compared in.
    private static final List<Pair> PAIRS = List.of(
            new Pair("A", "forward", Suite.LAYER_A),
            new Pair("A", "forwardBackward", Suite.LAYER_A),
            new Pair("B", "forwardBackward", Suite.LAYER_B),
            new Pair("decode 64", "forward", "64x1024x4096"),
            new Pair("decode 1", "forward", "1x1024x4096"));

    /// The pairs that the goals name.
    static final Pair BOTH_A = PAIRS.get(1);

    static final Pair BOTH_B = PAIRS.get(2);

    /// A layer as PyTorch's script names it, and as ours.
    record Pair(String shape, String direction, String size) {}

    boolean failed() {
        return steps.stream().anyMatch(step -> step.outcome() == Step.Outcome.FAILED);
    }

    /// How long a step took; NaN if it did not pass.
    double seconds(String step) {
        return steps.stream()
                .filter(result -> result.name().equals(step) && result.outcome() == Step.Outcome.PASSED)
                .mapToDouble(Step.Result::seconds)
                .findFirst()
                .orElse(Double.NaN);
    }

    /// The best FLOP/s of the vendor's library in this run, called by us or by PyTorch; NaN if neither did. Products
    /// of our own are no ceiling.
    double ceilingFlops() {
        double theirs = peers.number("gemmFlops");
        boolean own = requirements.getOrDefault("cuBLAS", "").contains("own kernels");
        return own ? theirs : best(Suite.CEILING, Measurement::flops, theirs);
    }

    /// The best bytes per second of this run.
    double ceilingBytes() {
        return best(Suite.STREAM, Measurement::bytesPerSecond, peers.number("copyBytesPerSecond"));
    }

    private double best(String name, ToDoubleFunction<Measurement> speed, double other) {
        return measurements.stream()
                .filter(measurement -> measurement.name().startsWith(name))
                .mapToDouble(speed)
                .filter(Double::isFinite)
                .reduce(other, (a, b) -> a >= b ? a : b);
    }

    String json() {
        return Json.pretty(new Fields()
                .with("provenance", provenance)
                .with("backend", backend)
                .with("device", device)
                .with("available", available)
                .with("requirements", requirements)
                .with("steps", steps.stream().map(GpuReport::json).toList())
                .with("kernels", comparisons.stream().map(Tree::value).toList())
                .with("determinism", determinism.value())
                .with("ceilingFlops", ceilingFlops())
                .with("ceilingBytesPerSecond", ceilingBytes())
                .with(
                        "measurements",
                        measurements.stream().map(Measurement::json).toList())
                .with("peers", peers.value())
                .with(
                        "goals",
                        new Goals(this).all().stream().map(GpuReport::json).toList())
                .map());
    }

    private static Map<String, Object> json(Goal goal) {
        return new Fields()
                .with("goal", goal.name())
                .with("value", goal.value())
                .with("gate", goal.gate())
                .with("target", goal.target())
                .with("moonshot", goal.moonshot())
                .with("verdict", goal.verdict())
                .map();
    }

    private static Map<String, Object> json(Step.Result step) {
        return new Fields()
                .with("name", step.name())
                .with("outcome", step.outcome().toString())
                .with("reason", step.reason())
                .with("seconds", step.seconds())
                .with("log", step.log().lines().toList())
                .map();
    }

    String markdown() {
        var text = new StringBuilder("# GPU check\n\n");
        text.append(
                        available
                                ? "%s: %s".formatted(backend, device)
                                : "%s is not available: %s".formatted(backend, device))
                .append("\n\n");
        var found = new Table("what", "found");
        provenance.forEach((name, value) -> {
            if (!(value instanceof List)) { // flags are a page; the JSON has them
                found.row(name, value instanceof String words ? cell(words) : Json.line(value));
            }
        });
        requirements.forEach((name, words) -> found.row(name, cell(words)));
        text.append(found.markdown())
                .append("\n## Steps\n\n")
                .append(stepTable().markdown());
        for (Tree comparison : comparisons) {
            text.append("\n## Kernels: %s against %s\n\n"
                            .formatted(comparison.text("backend"), comparison.text("against")))
                    .append(
                            "Errors in units of each kernel's tolerance; seconds over small trials, launches included.\n\n")
                    .append(kernelTable(comparison).markdown());
        }
        if (!measurements.isEmpty()) {
            text.append("\n## Speed\n\nCeilings of this run: %s and %s.\n\n"
                            .formatted(rate(ceilingFlops(), "FLOP/s"), rate(ceilingBytes(), "B/s")))
                    .append(speedTable().markdown())
                    .append("\n## Goals\n\n")
                    .append(goalTable().markdown());
        }
        if (!peers.list("measurements").isEmpty()) {
            text.append("\n## PyTorch %s\n\n".formatted(peers.text("torch")))
                    .append(peerTable().markdown());
            text.append('\n').append(ratios().markdown());
        }
        steps.stream()
                .filter(step -> step.outcome() == Step.Outcome.FAILED)
                .forEach(step -> text.append("\n## Output of %s\n\n````text\n".formatted(step.name()))
                        .append(step.log())
                        .append("\n````\n"));
        return text.toString();
    }

    private Table stepTable() {
        var table = new Table("step", "outcome", "seconds", "last words");
        steps.forEach(step ->
                table.row(step.name(), step.outcome().toString(), Text.fixed(step.seconds(), 1), cell(step.words())));
        return table;
    }

    private static Table kernelTable(Tree comparison) {
        var table = new Table("kernel", "trials", "worst error", "integers that differ", "speed", "passed");
        comparison
                .list("kernels")
                .forEach(kernel -> table.row(
                        kernel.text("kernel"),
                        Text.fixed(kernel.number("trials"), 0),
                        Text.fixed(kernel.number("worstErrorInTolerances"), 3),
                        Text.fixed(kernel.number("integersThatDiffer"), 0),
                        Text.fixed(kernel.number("speed"), 2) + " x",
                        String.valueOf(kernel.child("passed").value())));
        return table;
    }

    private Table speedTable() {
        var table = new Table("benchmark", "parameters", "median", "p10", "p90", "FLOP/s", "B/s", "of ceiling");
        measurements.forEach(measurement -> table.row(
                measurement.name(),
                measurement.details(),
                micros(measurement.median()),
                micros(measurement.p10()),
                micros(measurement.p90()),
                rate(measurement.flops(), ""),
                rate(measurement.bytesPerSecond(), ""),
                percent(measurement.share(ceilingFlops(), ceilingBytes()))));
        return table;
    }

    private Table peerTable() {
        var table = new Table("peer", "shape", "direction", "median", "p10", "p90", "FLOP/s");
        peers.list("measurements")
                .forEach(peer -> table.row(
                        peer.text("name"),
                        peer.text("shape"),
                        peer.text("direction"),
                        micros(peer.number("medianSeconds")),
                        micros(peer.number("p10Seconds")),
                        micros(peer.number("p90Seconds")),
                        rate(peer.number("flop") / peer.number("medianSeconds"), "")));
        return table;
    }

    /// The best PyTorch layer over ours; above 1 ours is faster.
    private Table ratios() {
        var table = new Table("layer", "ours", "best of PyTorch", "theirs / ours");
        for (Pair pair : PAIRS) {
            table.row(
                    pair.shape() + ", " + pair.direction(),
                    micros(ourSeconds(pair)),
                    micros(peerSeconds(pair)),
                    number(peerRatio(pair)));
        }
        return table;
    }

    double peerRatio(Pair pair) {
        return peerSeconds(pair) / ourSeconds(pair);
    }

    private double ourSeconds(Pair pair) {
        return measurements.stream()
                .filter(found -> found.matches("MoeLayerBenchmark." + pair.direction(), pair.size(), Suite.EVEN))
                .mapToDouble(Measurement::median)
                .findFirst()
                .orElse(Double.NaN);
    }

    private double peerSeconds(Pair pair) {
        return peers.list("measurements").stream()
                .filter(peer -> peer.text("shape").equals(pair.shape())
                        && peer.text("direction").equals(pair.direction())
                        && peer.text("name").startsWith("layer"))
                .mapToDouble(peer -> peer.number("medianSeconds"))
                .min()
                .orElse(Double.NaN);
    }

    private Table goalTable() {
        var table = new Table("goal", "reached", "gate", "target", "moonshot", "verdict");
        for (Goal goal : new Goals(this).all()) {
            table.row(
                    goal.name(),
                    number(goal.value()),
                    number(goal.gate()),
                    number(goal.target()),
                    number(goal.moonshot()),
                    goal.verdict());
        }
        return table;
    }

    private static String number(double value) {
        return Double.isFinite(value) ? Text.fixed(value, 2) : "-";
    }

    private static String micros(double seconds) {
        return Double.isFinite(seconds) ? Text.fixed(seconds * 1e6, 1) + " µs" : "-";
    }

    private static String rate(double value, String unit) {
        return Double.isFinite(value) && value > 0 ? (Text.scaled(value) + unit).strip() : "-";
    }

    private static String percent(double share) {
        return Double.isFinite(share) ? Text.percent(share) : "-";
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }
}
