package dev.tandem.bench.peer;

import java.util.List;

/// A library that has got a question, its operands in place.
interface Contestant extends AutoCloseable {
    /// The library's version, and what else its speed depends on.
    String version();

    /// Computes once, finished when it returns.
    void run();

    /// Computes for the first time, and says what.
    List<Answer> answers();

    @Override
    void close();
}
