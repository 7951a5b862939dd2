package dev.tandem.bench.peer;

/// A library that multiplies by one matrix at a time.
interface ProductLibrary {
    /// As of a [Contestant].
    String version();

    /// As of a [Contestant].
    default double warmUpSeconds() {
        return Contestant.NATIVE_WARM_UP_SECONDS;
    }

    /// Takes a product's operands as it likes them, once.
    ///
    /// @return computes it
    Runnable product(ProductOperands.Task task);
}
