package dev.tandem.bench;

/// Questions that belong together.
enum Suite {
    /// Every kernel by itself.
    KERNELS("dev.tandem.bench.kernel."),
    /// The MoE layer.
    LAYER("dev.tandem.bench.step.MoeLayerBenchmark"),
    /// Training steps.
    STEP("dev.tandem.bench.step.TrainingStepBenchmark"),
    /// Prompts and tokens.
    DECODE("dev.tandem.bench.step.Decode"),
    /// Processes that begin to train or to evaluate: time and memory. None of JMH's.
    STARTUP("dev.tandem.bench.step.StartUp");

    private final String prefix;

    Suite(String prefix) {
        this.prefix = prefix;
    }

    boolean holds(String benchmark) {
        return benchmark.startsWith(prefix);
    }
}
