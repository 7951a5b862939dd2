package dev.tandem.bench.peer;

/// Who multiplies the two matrices.
interface Contestant extends AutoCloseable {
    String name();

    /// `y = x·Wᵀ`, finished when it returns.
    void multiply();

    /// `y`
    float[] result();

    @Override
    void close();
}
