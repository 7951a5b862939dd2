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

    ExpertRows rows(Workbench on) {
        int[] starts = new int[E()];
        int[] choiceOf = new int[R()];
        Arrays.fill(choiceOf, -1);
        int row = 0;
        for (int e = 0; e < E(); e++) {
            starts[e] = row;
            for (int i = 0; i < counts[e]; i++, row++) {
                choiceOf[row] = row * 7 % choices;
            }
            row++;
        }
        return new ExpertRows(
                on.integers("starts", starts, E()),
                on.integers("counts", counts, E()),
                on.integers("choiceOf", choiceOf, R()));
    }

    /// Whether an element of `[R, columns]` lies in a row that an expert owns.
    IntPredicate owned(int columns) {
        boolean[] owned = new boolean[R()];
        int row = 0;
        for (int count : counts) {
            Arrays.fill(owned, row, row + count, true);
            row += count + 1;
        }
        return i -> owned[i / columns];
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
