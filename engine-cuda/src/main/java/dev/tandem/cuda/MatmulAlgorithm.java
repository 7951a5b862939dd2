package dev.tandem.cuda;

import java.util.regex.Pattern;

/// How a library computes a product: bytes that mean something to one version of it, as 128 hexadecimal
/// digits.
record MatmulAlgorithm(String digits) {
    /// Bytes of `cublasLtMatmulAlgo_t`.
    static final int BYTES = 64;

    private static final Pattern DIGITS = Pattern.compile("[0-9a-f]{" + 2 * BYTES + "}");

    MatmulAlgorithm {
        if (!DIGITS.matcher(digits).matches()) {
            throw new IllegalArgumentException("an algorithm is %d hexadecimal digits".formatted(2 * BYTES));
        }
    }
}
