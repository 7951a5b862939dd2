package dev.tandem.cuda;

import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.testkit.contract.Workbench;
import java.util.Arrays;
import java.util.function.IntPredicate;

/// Rows of experts of given sizes, each followed by a row that nobody owns, served by tokens in no order.
final class UnevenExperts {
    private final int[] counts;
    private final int choices;

    /// Rows of each expert, and the choices of all tokens.
    UnevenExperts(int choices, int... counts) {
        this.choices = choices;
        this.counts = counts.clone();
    }

    /// One expert has most rows, every third has none, the others a few.
    static UnevenExperts crowded(int E, int most, int choices) {
        int[] counts = new int[E];
        Arrays.setAll(counts, e -> e == E / 2 ? most : e % 3 == 0 ? 0 : 1 + e % 5);
        return new UnevenExperts(choices, counts);
    }

    int choices() {
        return choices;
    }

    int E() {
        return counts.length;
    }

    int R() {
        return Arrays.stream(counts).sum() + E();
    }

    int largestCount() {
        return Arrays.stream(counts).max().orElse(0);
    }

    int[] counts() {
        return counts.clone();
    }

    int[] starts() {
        int[] starts = new int[E()];
        for (int e = 1; e < E(); e++) {
            starts[e] = starts[e - 1] + counts[e - 1] + 1;
        }
        return starts;
    }

    /// The expert of every row, -1 for one that nobody owns.
    int[] expertOf() {
        int[] expertOf = new int[R()];
        Arrays.fill(expertOf, -1);
        int[] starts = starts();
        for (int e = 0; e < E(); e++) {
            Arrays.fill(expertOf, starts[e], starts[e] + counts[e], e);
        }
        return expertOf;
    }

    int[] choiceOf() {
        int[] expertOf = expertOf();
        int[] choiceOf = new int[R()];
        Arrays.setAll(choiceOf, row -> expertOf[row] < 0 ? -1 : row * 7 % choices);
        return choiceOf;
    }

    ExpertRows rows(Workbench on) {
        return new ExpertRows(
                on.integers("starts", starts(), E()),
                on.integers("counts", counts, E()),
                on.integers("choiceOf", choiceOf(), R()));
    }

    /// Whether an element of `[R, columns]` lies in a row that an expert owns.
    IntPredicate owned(int columns) {
        int[] expertOf = expertOf();
        return i -> expertOf[i / columns] >= 0;
    }

    /// Normal values, NaN in the rows that nobody owns.
    Tensor buffer(Workbench on, String name, int columns) {
        var random = on.random(name);
        IntPredicate owned = owned(columns);
        float[] values = new float[R() * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = owned.test(i) ? (float) random.nextGaussian() : Float.NaN;
        }
        return on.input(name, Role.ACTIVATION, values, R(), columns);
    }
}
