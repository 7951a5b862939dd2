package dev.tandem.bench.peer;

import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;

/// A calculation by libtorch. What a call allocates is freed at its end.
abstract class TorchContestant implements Contestant {
    private final boolean gradients;

    /// @param gradients whether a graph is recorded
    TorchContestant(Setting setting, boolean gradients) {
        Torch.load(setting);
        this.gradients = gradients;
    }

    /// Computes once.
    protected abstract void compute();

    @Override
    public String version() {
        return Torch.version();
    }

    @Override
    @SuppressWarnings("try") // both act by being open
    public void run() {
        try (var memory = new PointerScope();
                var mode = new AutoGradMode(gradients)) {
            compute();
        }
    }

    /// Computes once, and copies results before they are freed.
    @SuppressWarnings("try") // both act by being open
    protected final List<Answer> computed(Supplier<List<Answer>> copied) {
        try (var memory = new PointerScope();
                var mode = new AutoGradMode(gradients)) {
            compute();
            return copied.get();
        }
    }

    /// Memory ends with the process.
    @Override
    public void close() {}
}
