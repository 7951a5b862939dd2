package dev.tandem.lab.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// JMH benchmarks at sizes worth a GPU.
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

    private static final String SIZE = "size";
    private static final String EXPERTS = "experts";
    private static final String LOAD = "load";
    /// The layer of the goals: N, C, F.
    static final String LAYER_A = "16384x1024x4096";

    Suite {
        parameters = Map.copyOf(parameters);
    }

    /// All of them, ceilings first.
    static List<Suite> all() {
        return List.of(
                new Suite("ceiling", "LinearBenchmark\\.forward$", Map.of(SIZE, "8192x8192x8192")),
                new Suite("stream", "AddBenchmark", Map.of(SIZE, "65536x4096")),
                new Suite("layer", "MoeLayerBenchmark", Map.of(SIZE, LAYER_A, EXPERTS, "64", LOAD, EVEN + ",ZIPF")),
                new Suite(
                        "decode-layer",
                        "MoeLayerBenchmark\\.forward$",
                        Map.of(SIZE, "64x1024x4096,1x1024x4096", EXPERTS, "64", LOAD, EVEN)),
                new Suite("steps", "TrainingStepBenchmark|DecodeBenchmark", Map.of()),
                new Suite("experts", "ExpertLinearBenchmark", Map.of(SIZE, LAYER_A, EXPERTS, "64", LOAD, EVEN)),
                new Suite("dispatch", "DispatchBenchmark", Map.of(SIZE, "16384x1024x64")),
                new Suite("gate", "GateBenchmark", Map.of(SIZE, "16384x64")),
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

    /// Arguments of JMH's program.
    List<String> arguments(String backend, String resultFile) {
        List<String> arguments = new ArrayList<>(List.of(benchmarks, "-f", "1", "-foe", "false"));
        arguments.addAll(List.of("-wi", "2", "-w", "300ms", "-i", "7", "-r", "300ms"));
        arguments.addAll(List.of("-rf", "json", "-rff", resultFile, "-p", "backend=" + backend));
        new TreeMap<>(parameters).forEach((name, value) -> arguments.addAll(List.of("-p", name + "=" + value)));
        return arguments;
    }
}
