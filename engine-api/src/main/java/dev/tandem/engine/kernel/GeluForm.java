package dev.tandem.engine.kernel;

/// The two functions called GELU. They differ by up to 5e-4, so a model names the one it was
/// trained with.
public enum GeluForm {
    /// `x · ½(1 + erf(x/√2))`: the paper's.
    ERF,
    /// `x · ½(1 + tanh(√(2/π)(x + 0.044715x³)))`: GPT-2's.
    TANH
}
