package dev.tandem.cuda;

/// The integers inside tensors that kernels verify. `tandem.cuh` numbers them likewise, from 1.
enum Operand {
    IDS("Embedding: ids"),
    POSITIONS("Embedding: positions"),
    TARGETS("CrossEntropy: targets"),
    EXPERT("routing.expert"),
    SLOT("routing.slot"),
    STARTS("rows.starts"),
    COUNTS("rows.counts"),
    CHOICE_OF("rows.choiceOf");

    private final String words;

    Operand(String words) {
        this.words = words;
    }

    /// What a kernel has complained of.
    ///
    /// @param code number of the operand, from 1
    /// @param value what it found
    /// @param low least value allowed
    /// @param high greatest value allowed
    static String complaint(int code, int value, int low, int high) {
        return "%s must be in %d..%d, but holds %d".formatted(values()[code - 1].words, low, high, value);
    }
}
