package dev.tandem.lab.gpu;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The parts of the check, in the order of their run, so that what a lack of time leaves out matters least: is it
/// correct,
/// how fast are layers and models, how fast is PyTorch, does it leave memory alone, how fast is each kernel.
///
/// @param backend that is checked
/// @param folder for results and logs
/// @param vectors folder of test vectors, where there are any
/// @param searchPath of programs
record Steps(String backend, Path folder, Optional<Path> vectors, String searchPath) {
    static final String KERNELS = "kernels";
    static final String ORACLE = "oracle";
    static final String DETERMINISM = "determinism";
    static final String PEERS = "peers";
    private static final String TANDEM = "dev.tandem.lab.cli.Main";
    private static final String JMH = "org.openjdk.jmh.Main";
    private static final String SELFTEST = "selftest";
    private static final String BACKEND = "--backend";
    private static final String CUDA_TOOLS = "/usr/local/cuda/bin";
    private static final int SANITIZER_FOUND = 9;

    /// After which PyTorch is asked nothing more.
    private static final int PEERS_SECONDS = 90;

    /// Everything, for a backend that is available.
    ///
    /// @param peers the PyTorch script
    List<Step> all(Path peers) {
        List<Step> steps = new ArrayList<>(correctness("cpu-vector", List.of()));
        steps.add(kernels(ORACLE, "reference", List.of("--trials", "12")));
        Suite.layers().forEach(suite -> steps.add(benchmark(suite)));
        steps.add(peers(peers));
        steps.add(sanitizer("memcheck"));
        Suite.kernels().forEach(suite -> steps.add(benchmark(suite)));
        steps.add(sanitizer("racecheck"));
        steps.add(sanitizer("synccheck"));
        return steps;
    }

    private Step benchmark(Suite suite) {
        return Steps.class.getResource("/META-INF/BenchmarkList") == null
                ? Step.impossible(suite.step(), "the benchmarks are not on the class path")
                : Step.of(
                        suite.step(),
                        Duration.ofSeconds(60),
                        Program.java(JMH, suite.arguments(backend, results(suite.step()))));
    }

    /// What can be known without that backend: that the rest of the program works.
    List<Step> withoutDevice(String substitute) {
        return new Steps(substitute, folder, vectors, searchPath).correctness("reference", List.of("--trials", "3"));
    }

    private List<Step> correctness(String against, List<String> fewer) {
        List<Step> steps = new ArrayList<>();
        steps.add(tandem("doctor", 30, List.of("doctor")));
        steps.add(Program.find("nvidia-smi", searchPath)
                .map(program -> Step.of("nvidia-smi", Duration.ofSeconds(20), List.of(program.toString())))
                .orElseGet(() -> Step.impossible("nvidia-smi", "it is not installed")));
        steps.add(vectors.map(path ->
                        tandem("vectors", 90, List.of(SELFTEST, BACKEND, backend, "--vectors", path.toString())))
                .orElseGet(() -> Step.impossible("vectors", "there are no test vectors: give --vectors DIR")));
        steps.add(kernels(KERNELS, against, fewer));
        steps.add(tandem("models", 60, List.of(SELFTEST, BACKEND, backend)));
        steps.add(tandem(
                DETERMINISM, 60, List.of(SELFTEST, BACKEND, backend, "--determinism", "--json", results(DETERMINISM))));
        return steps;
    }

    private Step kernels(String name, String against, List<String> fewer) {
        List<String> arguments = new ArrayList<>(List.of(SELFTEST, BACKEND, backend, "--against", against));
        arguments.addAll(List.of("--json", results(name)));
        arguments.addAll(fewer);
        return tandem(name, 100, arguments);
    }

    private Step peers(Path script) {
        return Program.find("python3", searchPath)
                .map(python -> Step.of(
                        PEERS,
                        Duration.ofSeconds(PEERS_SECONDS + 20), // to import PyTorch, and to end
                        List.of(python.toString(), script.toString(), results(PEERS), String.valueOf(PEERS_SECONDS))))
                .orElseGet(() -> Step.impossible(PEERS, "python3 is not installed"));
    }

    private Step sanitizer(String tool) {
        String name = "sanitizer-" + tool;
        Optional<Path> program = Program.find("compute-sanitizer", searchPath, CUDA_TOOLS);
        if (program.isEmpty()) {
            return Step.impossible(name, "compute-sanitizer is not installed");
        }
        List<String> command = new ArrayList<>(List.of(program.get().toString(), "--tool", tool));
        command.addAll(List.of("--error-exitcode", String.valueOf(SANITIZER_FOUND)));
        command.addAll(
                Program.java(TANDEM, List.of(SELFTEST, BACKEND, backend, "--against", "reference", "--trials", "1")));
        return Step.of(name, Duration.ofSeconds(60), command);
    }

    private static Step tandem(String name, int seconds, List<String> arguments) {
        return Step.of(name, Duration.ofSeconds(seconds), Program.java(TANDEM, arguments));
    }

    private String results(String name) {
        return folder.resolve(name + ".json").toString();
    }

    /// Steps that may write results.
    static List<String> resultNames() {
        return Stream.concat(
                        Stream.of(KERNELS, ORACLE, DETERMINISM, PEERS),
                        Suite.all().stream().map(Suite::step))
                .toList();
    }

    /// The results that a step has written, if it came so far.
    static Optional<Path> results(Path folder, String name) {
        return Optional.of(folder.resolve(name + ".json")).filter(Files::isReadable);
    }
}
