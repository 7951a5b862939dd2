package dev.tandem.engine;

/// What a tensor is for. The role decides nothing about a tensor's values, only how its device
/// may store them.
public enum Role {
    /// A matrix `[out, in]`, or a stack of them `[E, out, in]`, that a kernel multiplies by – and
    /// every tensor that goes with it element for element: its gradient and its moments. A device
    /// may keep it in a layout of its own; upload, download and kernels see it row-major.
    WEIGHT,
    /// Anything that lives for one step: activations, their gradients, saved values, token ids.
    /// Row-major.
    ACTIVATION,
    /// Anything else that outlives a step: biases, gains, position tables, key and value caches.
    /// Row-major.
    STATE
}
