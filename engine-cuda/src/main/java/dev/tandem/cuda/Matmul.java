package dev.tandem.cuda;

import dev.tandem.engine.ElementType;

/// One product as a library of linear algebra is asked for it, in that library's terms: matrices are
/// column-major without gaps, and those of a batch lie one behind the other.
///
///     d = epilogue(op(a)·op(b))        d += op(a)·op(b), if it accumulates        op(a) = aᵀ, if a is turned
///
/// A row-major matrix `[r, c]` is, byte for byte, the column-major transpose `[c, r]`; so every product here
/// is the transpose of the one in the comment of its factory, with the operands in reverse order.
///
/// Sums are F32 for operands of both types, and those of F32 are multiplied as F32, never as TF32.
///
/// @param a of the type of b
/// @param batch products at once
/// @param accumulates whether d is added to; there is no epilogue then
record Matmul(
        Matrix a,
        boolean turnsA,
        Matrix b,
        boolean turnsB,
        Matrix d,
        int batch,
        boolean accumulates,
        Epilogue epilogue) {
    /// A column-major matrix. Its leading dimension is its rows.
    record Matrix(ElementType type, int rows, int columns) {
        Matrix {
            if (rows < 1 || columns < 1) {
                throw new IllegalArgumentException("a matrix of %d × %d".formatted(rows, columns));
            }
        }

        /// Elements of one matrix, which are also the distance to the next one of a batch.
        long elements() {
            return (long) rows * columns;
        }

        @Override
        public String toString() {
            return "%s:%dx%d".formatted(type, rows, columns);
        }
    }

    /// What becomes of a sum before it is stored. The activation is GELU's tanh form, the only one that
    /// cuBLASLt has. A bias is a column of d and has the type of d; saved is what is activated, a matrix like
    /// d.
    enum Epilogue {
        NONE(false, false, false),
        BIAS(true, false, false),
        GELU(false, true, false),
        GELU_BIAS(true, true, false),
        GELU_SAVED(false, true, true),
        GELU_SAVED_BIAS(true, true, true);

        private final boolean adds;
        private final boolean activates;
        private final boolean saves;

        Epilogue(boolean adds, boolean activates, boolean saves) {
            this.adds = adds;
            this.activates = activates;
            this.saves = saves;
        }

        static Epilogue of(boolean adds, boolean activates, boolean saves) {
            if (!activates) {
                return adds ? BIAS : NONE;
            }
            return saves ? (adds ? GELU_SAVED_BIAS : GELU_SAVED) : (adds ? GELU_BIAS : GELU);
        }

        boolean adds() {
            return adds;
        }

        boolean activates() {
            return activates;
        }

        boolean saves() {
            return saves;
        }
    }

    Matmul {
        boolean fits = (turnsA ? a.columns : a.rows) == d.rows
                && (turnsB ? b.rows : b.columns) == d.columns
                && (turnsA ? a.rows : a.columns) == (turnsB ? b.columns : b.rows);
        if (!fits || a.type != b.type || batch < 1 || (accumulates && epilogue != Epilogue.NONE)) {
            throw new IllegalArgumentException("no product: a %s%s, b %s%s, d %s, batch %d, %s"
                    .formatted(a, turnsA ? "ᵀ" : "", b, turnsB ? "ᵀ" : "", d, batch, epilogue));
        }
    }

    /// `y[N,out] = x[N,in]·weight[out,in]ᵀ`, a batch of them.
    static Matmul forward(ElementType type, ElementType result, int N, int out, int in, int batch, Epilogue epilogue) {
        return new Matmul(
                new Matrix(type, in, out),
                true,
                new Matrix(type, in, N),
                false,
                new Matrix(result, out, N),
                batch,
                false,
                epilogue);
    }

    /// `dx[N,in] = dy[N,out]·weight[out,in]`, a batch of them.
    static Matmul backward(ElementType type, int N, int out, int in, int batch) {
        return new Matmul(
                new Matrix(type, in, out),
                false,
                new Matrix(type, out, N),
                false,
                new Matrix(type, in, N),
                batch,
                false,
                Epilogue.NONE);
    }

    /// `dWeight[out,in] += dy[N,out]ᵀ·x[N,in]`, a batch of them; dWeight is F32.
    static Matmul gradient(ElementType type, int N, int out, int in, int batch) {
        return new Matmul(
                new Matrix(type, in, N),
                false,
                new Matrix(type, out, N),
                true,
                new Matrix(ElementType.F32, in, out),
                batch,
                true,
                Epilogue.NONE);
    }

    /// What is summed over.
    int depth() {
        return turnsA ? a.rows : a.columns;
    }

    /// Bytes of the results.
    long resultBytes() {
        return batch * d.elements() * d.type.bytes();
    }

    /// All of it in a line without blanks at its ends, for a file.
    String key() {
        return "%s%s*%s%s%s%s batch %d %s"
                .formatted(a, turnsA ? "T" : "", b, turnsB ? "T" : "", accumulates ? "+=" : "=", d, batch, epilogue);
    }
}
