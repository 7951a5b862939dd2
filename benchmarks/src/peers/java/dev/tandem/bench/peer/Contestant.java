package dev.tandem.bench.peer;

import java.util.List;

/// A library that has got a question, its operands in place.
interface Contestant extends AutoCloseable {
    /// Until native code has its memory and its threads.
    double NATIVE_WARM_UP_SECONDS = 1.5;

    /// The library's version, and what else its speed depends on.
    String version();

    /// Brings back what calls change, before some of them are timed together.
    default void begin() {}

    /// How long it has to run at least before it is warm: until a compiler behind it has seen what is called often.
    default double warmUpSeconds() {
        return NATIVE_WARM_UP_SECONDS;
    }

    /// Computes once, finished when it returns.
    void run();

    /// Begins, computes for the first time, and says what.
    List<Answer> answers();

    @Override
    void close();
}
