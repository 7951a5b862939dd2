package dev.tandem.testkit.contract;

import dev.tandem.engine.ElementType;
import java.util.List;

/// The trials of one kernel's contract, for programs that compare backends outside of tests.
///
/// @param kernel its name, as in [dev.tandem.engine.kernel]
/// @param trials uses of it, the smallest first
/// @param products whether a backend may leave them to a library, which rounds
///     biases and what is activated once more
public record KernelTrials(String kernel, List<Trial> trials, boolean products) {
    /// Keeps a copy of the list.
    public KernelTrials {
        trials = List.copyOf(trials);
    }

    private KernelTrials(String kernel, List<Trial> trials) {
        this(kernel, trials, false);
    }

    /// Those of every kernel.
    public static List<KernelTrials> all() {
        return List.of(
                new KernelTrials("AdamW", AdamWContract.cases()),
                new KernelTrials("Add", AddContract.cases()),
                new KernelTrials("Attention", AttentionContract.cases()),
                new KernelTrials("CrossEntropy", CrossEntropyContract.cases()),
                new KernelTrials("Dispatch", DispatchContract.cases()),
                new KernelTrials("Dropout", DropoutContract.cases()),
                new KernelTrials("Embedding", EmbeddingContract.cases()),
                new KernelTrials("ExpertFeedForward", ExpertFeedForwardContract.cases(), true),
                new KernelTrials("ExpertLinear", ExpertLinearContract.cases(), true),
                new KernelTrials("Fill", FillContract.cases()),
                new KernelTrials("Gate", GateContract.cases()),
                new KernelTrials("Gelu", GeluContract.cases()),
                new KernelTrials("GradientNorm", GradientNormContract.cases()),
                new KernelTrials("LayerNorm", LayerNormContract.cases()),
                new KernelTrials("Linear", LinearContract.cases(), true));
    }

    /// The same with activations and working weights of another type.
    public KernelTrials in(ElementType type) {
        return new KernelTrials(
                kernel + " " + type,
                trials.stream().map(trial -> trial.in(type)).toList(),
                products);
    }

    /// The first so many of them.
    public KernelTrials first(int count) {
        return new KernelTrials(kernel, trials.subList(0, Math.min(count, trials.size())), products);
    }
}
