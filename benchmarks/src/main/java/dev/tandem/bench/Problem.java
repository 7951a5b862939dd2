package dev.tandem.bench;

import dev.tandem.engine.Tensor;
import java.util.List;

/// The operands of a benchmark on one backend, and the calls that it times.
public interface Problem {
    /// Makes every call that is timed, once, in an order that leaves every result well defined.
    void run();

    /// What [#run] computed and can be compared between backends.
    List<Tensor> results();

    /// Terms of the longest sum behind an element of the results.
    int terms();
}
