package dev.tandem.bench.peer;

import dev.tandem.bench.Load;
import dev.tandem.bench.machine.Cost;
import java.util.ArrayList;
import java.util.List;

/// Products of all experts with their own rows, sorted by expert: by one call of Tandem, and by a loop of a library's
/// products. Each of N tokens has two rows.
record ExpertProduct(int N, int in, int out, int E, Load load) implements ProductQuestion {
    @Override
    public String name() {
        return "ExpertLinear.forward";
    }

    @Override
    public String details() {
        return "%dx%dx%d, E=%d%s".formatted(N, in, out, E, load == Load.EVEN ? "" : ", load " + load);
    }

    /// Shares of all 2N rows as the load has them, `exp(bias[e])` of the sum, each between the rounded sum of those
    /// before and that with its own: they are off by less than a row, and none is lost.
    @Override
    public List<Integer> counts() {
        var sums = new double[E + 1];
        for (int e = 0; e < E; e++) {
            sums[e + 1] = sums[e] + Math.exp(load.bias(e));
        }
        var counts = new ArrayList<Integer>();
        for (int e = 0; e < E; e++) {
            counts.add(end(sums[e + 1] / sums[E]) - end(sums[e] / sums[E]));
        }
        return counts;
    }

    private int end(double share) {
        return (int) Math.round(share * MoeQuestion.K * N);
    }

    @Override
    public int copies() {
        return 1;
    }

    @Override
    public Cost cost() {
        double rows = rows();
        double matrices = (double) E * in * out;
        return new Cost(2 * rows * in * out, (rows * in + matrices) * Float.BYTES, rows * out * Float.BYTES, 0);
    }

    @Override
    public List<Entrant> entrants() {
        var entrants = new ArrayList<Entrant>();
        entrants.add(Entrant.tandem(setting -> new TandemExpertProduct(setting, this)));
        entrants.addAll(libraries());
        return entrants;
    }
}
