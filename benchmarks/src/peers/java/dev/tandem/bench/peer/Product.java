package dev.tandem.bench.peer;

import dev.tandem.bench.machine.Cost;
import java.util.ArrayList;
import java.util.List;

/// A product with one matrix.
///
/// @param cold whether each call finds another copy of the weight, so that it comes from memory
record Product(int N, int in, int out, boolean cold) implements ProductQuestion {
    private static final long COLD_BYTES = 256L << 20;

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
    public List<Integer> counts() {
        return List.of(N);
    }

    @Override
    public int copies() {
        return cold ? (int) Math.ceilDiv(COLD_BYTES, (long) in * out * Float.BYTES) : 1;
    }

    @Override
    public List<Entrant> entrants() {
        var entrants = new ArrayList<Entrant>();
        entrants.add(Entrant.tandem(setting -> new TandemProduct(setting, this)));
        entrants.addAll(libraries());
        if (N <= MOST_ROWS_OF_JLAMA) {
            entrants.add(entrant("Jlama", JlamaProduct::new));
        }
        return entrants;
    }
}
