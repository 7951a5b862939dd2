package dev.tandem.lab.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// JMH benchmarks at sizes worth a GPU, in BF16.
///
/// @param name short
/// @param benchmarks regular expression over their names
/// @param parameters that are not those of the CPU's suites
record Suite(String name, String benchmarks, Map<String, String> parameters) {
    /// Products of this size run at the library's best; its FLOP/s are the ceiling.
    static final String CEILING = "LinearBenchmark.forward";

    /// Moves a gigabyte from each of two places to a third; its bytes per second are the other
    /// ceiling.
    static final String STREAM = "AddBenchmark";

    /// Tokens spread evenly over experts.
    static final String EVEN = "EVEN";

    /// The e-th expert gets 1/e of what the first gets.
    static final String SKEWED = "ZIPF";

    /// Rows of training.
    static final String PADDED = "true";

    /// The layers of the goals: N, C, F.
    static final String LAYER_A = "16384x1024x4096";

    static final String LAYER_B = "65536x768x3072";

    /// Their gates: N, E.
    static final String GATE_A = "16384x64";

    static final String GATE_B = "65536x512";

    /// The model: the one of the goals.
    static final String MODEL = "LARGE_MOE";

    /// The batches of an update that accumulates.
    static final String ACCUMULATED = "8";

    private static final String JMH_FAILURE = "<failure>";
    private static final String SIZE = "size";
    private static final String EXPERTS = "experts";
    private static final String LOAD = "load";

    Suite {
        parameters = Map.copyOf(parameters);
    }

    /// All of them, ceilings first.
    static List<Suite> all() {
        return Stream.concat(layers().stream(), kernels().stream()).toList();
    }

    /// Ceilings, layers and models: what the check is made for.
    static List<Suite> layers() {
        return List.of(
                new Suite("ceiling", "\\.LinearBenchmark\\.forward$", Map.of(SIZE, "8192x8192x8192")),
                new Suite("stream", "AddBenchmark", Map.of(SIZE, "65536x4096")),
                new Suite(
                        "layer", "MoeLayerBenchmark", Map.of(SIZE, LAYER_A, EXPERTS, "64", LOAD, EVEN + "," + SKEWED)),
                new Suite(
                        "decode-layer",
                        "MoeLayerBenchmark\\.forward$",
                        Map.of(SIZE, "64x1024x4096,1x1024x4096", EXPERTS, "64", LOAD, EVEN)),
                new Suite(
                        "training",
                        "TrainingStepBenchmark",
                        Map.of("model", MODEL, "microBatches", "1," + ACCUMULATED)),
                new Suite("decode", "DecodeBenchmark", Map.of("model", "GPT2,GPT2_MOE")));
    }

    /// Single kernels, and the layer that takes long to set up.
    static List<Suite> kernels() {
        return List.of(
                new Suite(
                        "experts",
                        "ExpertLinearBenchmark",
                        Map.of(SIZE, LAYER_A, EXPERTS, "64", LOAD, EVEN, "padded", PADDED)),
                new Suite(
                        "experts-compact",
                        "ExpertLinearBenchmark\\.forward$",
                        Map.of(SIZE, LAYER_A, EXPERTS, "64", LOAD, SKEWED)),
                new Suite(
                        "layer-b",
                        "MoeLayerBenchmark\\.forwardBackward$",
                        Map.of(SIZE, LAYER_B, EXPERTS, "512", LOAD, EVEN)),
                new Suite("dispatch", "DispatchBenchmark", Map.of(SIZE, "16384x1024x64")),
                new Suite("gate", "GateBenchmark", Map.of(SIZE, GATE_A + "," + GATE_B)),
                new Suite("launch", "LaunchBenchmark", Map.of()),
                new Suite("attention", "AttentionBenchmark", Map.of(SIZE, "16x1024x768x12")),
                new Suite("norm", "LayerNormBenchmark", Map.of(SIZE, "16384x1024")),
                new Suite("gelu", "GeluBenchmark", Map.of(SIZE, "32768x4096", "form", "ERF")),
                new Suite("cross-entropy", "CrossEntropyBenchmark", Map.of(SIZE, "4096x50264")),
                new Suite("adamw", "AdamWBenchmark", Map.of(SIZE, "16384x4096")));
    }

    /// Name of the step that runs it.
    String step() {
        return "bench-" + name;
    }

    /// A failure where benchmarks failed, of which JMH's exit status says nothing.
    static Step.Result judged(Step.Result result) {
        long failures = result.log().lines().filter(JMH_FAILURE::equals).count();
        return result.outcome() != Step.Outcome.PASSED || failures == 0
                ? result
                : new Step.Result(
                        result.name(),
                        Step.Outcome.FAILED,
                        failures + " benchmarks failed",
                        result.seconds(),
                        result.log());
    }

    /// Arguments of JMH's program.
    List<String> arguments(String backend, String resultFile) {
        List<String> arguments = new ArrayList<>(List.of(benchmarks, "-f", "1", "-foe", "false"));
        arguments.addAll(List.of("-wi", "2", "-w", "200ms", "-i", "7", "-r", "200ms"));
        arguments.addAll(List.of("-rf", "json", "-rff", resultFile));
        arguments.addAll(List.of("-p", "backend=" + backend, "-p", "precision=BF16"));
        new TreeMap<>(parameters).forEach((name, value) -> arguments.addAll(List.of("-p", name + "=" + value)));
        return arguments;
    }
}
