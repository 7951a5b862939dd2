package dev.tandem.engine.kernel;

/// How a token's second expert is chosen. The first is always the most probable.
public enum SecondPolicy {
    /// The most probable of the others. With K > 2, and so on.
    ALL,
    /// The expert of the largest logit plus Gumbel noise among the others; its weight is
    /// noise-free. K = 2 only.
    SAMPLING,
    /// As [#ALL], but it queues only if twice its probability exceeds a uniform draw. K = 2 only.
    RANDOM
}
