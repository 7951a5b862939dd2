package dev.tandem.testkit.contract;

/// What a [Workbench] does to spoil a call that would succeed.
///
/// @param kind the mischief
/// @param operand which tensor it is done to, counted in the order of allocation; −1 for all of them
record Sabotage(Kind kind, int operand) {
    enum Kind {
        NOTHING,
        /// The innermost extent is one larger.
        WIDER,
        /// Integers instead of floats, floats instead of integers.
        OTHER_TYPE,
        /// BF16 instead of F32, F32 instead of BF16.
        OTHER_PRECISION,
        /// A weight instead of none, none instead of a weight.
        OTHER_ROLE,
        /// A tensor of another backend.
        FOREIGN,
        /// The tensor's region is closed before the call.
        CLOSED_REGION,
        /// The backend is closed before the call.
        CLOSED_BACKEND,
        /// Random integers, most of them out of range.
        GARBAGE
    }

    static final Sabotage NONE = new Sabotage(Kind.NOTHING, -1);

    boolean hits(Kind wanted, int index) {
        return kind == wanted && (operand < 0 || operand == index);
    }
}
