package dev.tandem.testkit.contract;

import dev.tandem.engine.Tensor;
import dev.tandem.testkit.Cases;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What [Add] has to keep.
public abstract class AddContract extends KernelContract {
    // one rounding, half an epsilon
    private static final Tolerance ONE_ROUNDING = Tolerance.roundings(1).widened(0.5, "correctly rounded");

    @Override
    protected List<Trial> trials() {
        return cases();
    }

    static List<Trial> cases() {
        return Cases.ELEMENTS.stream()
                .map(size -> Trial.of(size + " elements", on -> sum(on, size)))
                .toList();
    }

    private static void sum(Workbench on, int size) {
        Tensor a = on.input("a", size);
        Tensor b = on.input("b", size);
        Tensor y = on.result("y", ONE_ROUNDING, size);
        on.kernels().add().forward(y, a, b);
    }

    @Test
    void theSumMayReplaceEitherTerm() {
        int size = 53;
        Aliasing.givesTheSame(this::open, on -> sum(on, size), on -> {
            Tensor a = on.input("a", size);
            Tensor b = on.input("b", size);
            on.judged("y", ONE_ROUNDING, a);
            on.kernels().add().forward(a, a, b);
        });
        Aliasing.givesTheSame(this::open, on -> sum(on, size), on -> {
            Tensor a = on.input("a", size);
            Tensor b = on.input("b", size);
            on.judged("y", ONE_ROUNDING, b);
            on.kernels().add().forward(b, a, b);
        });
    }
}
