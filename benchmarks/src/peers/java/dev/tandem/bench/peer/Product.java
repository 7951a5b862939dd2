package dev.tandem.bench.peer;

import dev.tandem.bench.machine.Cost;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.mkl.global.mkl_rt;
import org.bytedeco.openblas.global.openblas;

/// `y = x·Wᵀ`, with W as models have it, `[out, in]`.
///
/// @param cold whether each call finds another copy of the weight, so that it comes from memory
record Product(int N, int in, int out, boolean cold) implements Question {
    private static final long COLD_BYTES = 256L << 20;
    private static final long SEED = 7;

    // It needs seconds for more.
    private static final int MOST_ROWS_OF_JLAMA = 256;

    /// Weights warm in cache, where they fit.
    static Product hot(int N, int in, int out) {
        return new Product(N, in, out, false);
    }

    static Product cold(int N, int in, int out) {
        return new Product(N, in, out, true);
    }

    @Override
    public String name() {
        return "Linear.forward";
    }

    @Override
    public String details() {
        return "%dx%dx%d%s".formatted(N, in, out, cold ? ", cold weights" : "");
    }

    @Override
    public Cost cost() {
        double weight = (double) in * out * Float.BYTES;
        return new Cost(2.0 * N * in * out, weight + (double) N * in * Float.BYTES, (double) N * out * Float.BYTES, 0)
                .over(copies() * weight);
    }

    @Override
    public int terms() {
        return in;
    }

    @Override
    public List<Entrant> entrants() {
        var entrants = new ArrayList<>(List.of(
                Entrant.tandem(setting -> new TandemProduct(setting, this)),
                new Entrant("OpenBLAS", _ -> new BlasProduct(BlasLibrary.load(openblas.class, "libopenblas"), this)),
                new Entrant("MKL", _ -> new BlasProduct(BlasLibrary.load(mkl_rt.class, "libmkl_rt"), this)),
                new Entrant("oneDNN sgemm", _ -> new DnnlSgemm(this)),
                new Entrant("oneDNN packed", _ -> new DnnlMatmul(this))));
        if (N <= MOST_ROWS_OF_JLAMA) {
            entrants.add(new Entrant("Jlama", setting -> new JlamaProduct(setting, this)));
        }
        return entrants;
    }

    /// How many copies of the weight take turns.
    int copies() {
        return cold ? (int) Math.ceilDiv(COLD_BYTES, (long) in * out * Float.BYTES) : 1;
    }

    /// `[N, in]`
    float[] x() {
        return Values.random(N * in, 1, SEED);
    }

    /// `[out, in]`
    float[] weight() {
        return Values.random(out * in, 1, SEED + 1);
    }
}
