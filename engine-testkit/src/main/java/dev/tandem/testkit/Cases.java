package dev.tandem.testkit;

import java.util.List;

/// Sizes that contracts and benchmarks share: one lane, tails, primes, several tasks, realistic.
public final class Cases {
    private Cases() {}

    /// Rows and their width.
    public record Rows(int N, int C) {}

    /// A matrix product.
    public record Product(int N, int in, int out) {}

    /// Heads of width D over sequences.
    public record Heads(int B, int T, int H, int D) {}

    /// A layer of experts.
    public record Experts(int N, int C, int F, int E, int K) {}

    /// Rows to be normalized.
    public static final List<Rows> LAYER_NORM = List.of(
            new Rows(3, 17), new Rows(1, 1), new Rows(2, 4), new Rows(5, 1021), new Rows(64, 768), new Rows(257, 64));

    /// Logits: rows by vocabulary.
    public static final List<Rows> CROSS_ENTROPY =
            List.of(new Rows(3, 17), new Rows(1, 1), new Rows(70, 257), new Rows(5, 9973), new Rows(3, 50257));

    /// Dense products.
    public static final List<Product> LINEAR = List.of(
            new Product(3, 17, 5),
            new Product(1, 1, 1),
            new Product(1, 64, 48),
            new Product(37, 1021, 7),
            new Product(15, 33, 131),
            new Product(130, 96, 200),
            new Product(128, 256, 512));

    /// Dense products whose backward is not asked for: few rows of long and short reductions, tails of
    /// rows, chunks and columns, several tasks.
    public static final List<Product> FORWARD = List.of(
            new Product(1, 1, 1),
            new Product(1, 33, 64),
            new Product(1, 769, 330),
            new Product(2, 64, 131),
            new Product(3, 17, 5),
            new Product(5, 300, 48),
            new Product(17, 1537, 65),
            new Product(64, 96, 200),
            new Product(300, 71, 45));

    /// Attention.
    public static final List<Heads> ATTENTION = List.of(
            new Heads(2, 5, 3, 7),
            new Heads(1, 1, 1, 1),
            new Heads(3, 33, 1, 24),
            new Heads(1, 67, 2, 16),
            new Heads(2, 130, 3, 64),
            new Heads(1, 200, 1, 128));

    /// Expert layers: fewer tokens than experts, primes, one expert per token, realistic.
    public static final List<Experts> EXPERTS = List.of(
            new Experts(5, 7, 11, 3, 2),
            new Experts(1, 16, 32, 8, 2),
            new Experts(67, 17, 29, 5, 2),
            new Experts(40, 33, 64, 4, 1),
            new Experts(64, 24, 40, 6, 3),
            new Experts(200, 64, 256, 8, 2));

    /// Lengths for operations that work element by element.
    public static final List<Integer> ELEMENTS = List.of(17, 1, 1021, 40_000);
}
