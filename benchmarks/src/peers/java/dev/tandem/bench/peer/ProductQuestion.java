package dev.tandem.bench.peer;

import java.util.List;
import java.util.function.Function;
import org.bytedeco.mkl.global.mkl_rt;
import org.bytedeco.openblas.global.openblas;

/// Products `y = x·Wᵀ` of rows that lie one behind the other, some with one matrix, some with the
/// next. W is as models have it, `[out, in]`.
sealed interface ProductQuestion extends Question permits Product, ExpertProduct {
    /// Of operands.
    long SEED = 7;

    /// Columns of x.
    int in();

    /// Columns of y.
    int out();

    /// Rows of each matrix.
    List<Integer> counts();

    /// How many copies of the matrices take turns.
    int copies();

    /// R, rows of all matrices.
    default int rows() {
        return counts().stream().mapToInt(Integer::intValue).sum();
    }

    /// `[R, in]`
    default float[] x() {
        return Values.random(rows() * in(), 1, SEED);
    }

    /// `[matrices, out, in]`
    default float[] weights() {
        return Values.random(counts().size() * out() * in(), 1, SEED + 1);
    }

    @Override
    default int terms() {
        return in();
    }

    /// A library that multiplies by one matrix at a time.
    ///
    /// @param loaded throws a LinkageError if the library cannot be loaded here
    default Entrant entrant(String name, Function<Setting, ProductLibrary> loaded) {
        return new Entrant(name, setting -> new ProductLoop(loaded.apply(setting), this));
    }

    /// All but Jlama, which needs seconds for many rows.
    default List<Entrant> libraries() {
        return List.of(
                entrant("OpenBLAS", _ -> BlasLibrary.load(openblas.class, "libopenblas")),
                entrant("MKL", _ -> BlasLibrary.load(mkl_rt.class, "libmkl_rt")),
                entrant("oneDNN sgemm", _ -> new DnnlSgemm()),
                entrant("oneDNN packed", _ -> new DnnlMatmul()));
    }
}
