package dev.tandem.gpt;

/// Where the position vectors come from.
public enum Positions {
    /// Computed, no parameters: the paper's models.
    SINUSOIDAL,
    /// A parameter `[rows, C]`: GPT-2 and GPT-3.
    LEARNED
}
