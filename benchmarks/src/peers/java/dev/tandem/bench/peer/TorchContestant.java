package dev.tandem.bench.peer;

import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.InferenceMode;

/// A calculation by libtorch. What a call allocates is freed at its end.
abstract class TorchContestant implements Contestant {
    private static final double GROWING_SECONDS = 10;

    private final boolean gradients;

    /// @param gradients whether a graph is recorded
    TorchContestant(Setting setting, boolean gradients) {
        Torch.load(setting);
        this.gradients = gradients;
    }

    /// Computes once.
    protected abstract void compute();

    /// With gradients its memory grows at first, and every new page is paid for, as glibc hardly uses
    /// blocks again that were aligned: measured, from 1.2 to 5.5 GB within that many seconds.
    @Override
    public double warmUpSeconds() {
        return gradients ? GROWING_SECONDS : Contestant.super.warmUpSeconds();
    }

    @Override
    public String version() {
        return Torch.version();
    }

    /// What [#begin] does.
    protected void reset() {}

    @Override
    public final void begin() {
        freed(() -> {
            reset();
            return List.of();
        });
    }

    @Override
    public final void run() {
        freed(() -> {
            compute();
            return List.of();
        });
    }

    /// Computes once, and copies results before they are freed.
    protected final List<Answer> computed(Supplier<List<Answer>> copied) {
        begin();
        return freed(() -> {
            compute();
            return copied.get();
        });
    }

    @SuppressWarnings("try") // both act by being open
    private List<Answer> freed(Supplier<List<Answer>> calculation) {
        try (var memory = new PointerScope();
                var mode = new InferenceMode(!gradients)) {
            return calculation.get();
        }
    }

    /// Memory ends with the process.
    @Override
    public void close() {}
}
