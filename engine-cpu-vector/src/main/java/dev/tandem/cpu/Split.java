package dev.tandem.cpu;

/// Cuts a range into parts as equal as possible, so that no part is a small rest.
final class Split {
    private Split() {}

    /// Parts of at most `most`.
    static int parts(int n, int most) {
        return Math.ceilDiv(n, most);
    }

    /// Where a part begins; part `parts` begins at `n`.
    static int first(int n, int parts, int part) {
        // spares the most frequent case a division
        return part == parts ? n : (int) ((long) n * part / parts);
    }
}
