package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StepGraphsTest {
    private static final Accelerator.Entry ADD = (_, _) -> {};
    private static final Accelerator.Entry GELU = (_, _) -> {};
    private static final Grid SMALL = Grid.of(1, 32);
    private static final Grid LARGE = Grid.of(2, 32);

    private final List<String> calls = new ArrayList<>();
    private int made;
    private boolean refuses;

    private final StepGraphs graphs = new StepGraphs(launches -> {
        int number = made++;
        calls.add("make %d of %d".formatted(number, launches.count()));
        return new Accelerator.Graph() {
            @Override
            public void update(int node, Grid grid, MemorySegment arguments) {
                if (refuses) {
                    throw new IllegalStateException("refused");
                }
                calls.add("update %d.%d: %d blocks, %d".formatted(number, node, grid.x(), value(arguments)));
            }

            @Override
            public void launch() {
                calls.add("launch " + number);
            }

            @Override
            public void free() {
                calls.add("free " + number);
            }
        };
    });

    private static int value(MemorySegment arguments) {
        assertThat(arguments.byteSize()).isEqualTo(Integer.BYTES);
        return arguments.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    }

    /// Kernels with one integer each.
    private static final class Wanted {
        private final Launches launches = new Launches();

        Wanted add(Accelerator.Entry entry, Grid grid, int argument) {
            launches.add(entry, grid, MemorySegment.ofArray(new int[] {argument, 99}), Integer.BYTES);
            return this;
        }
    }

    private static Wanted wanted() {
        return new Wanted();
    }

    private List<String> step(Wanted... parts) {
        calls.clear();
        graphs.begin();
        for (Wanted part : parts) {
            graphs.launch(part.launches);
        }
        return calls;
    }

    @Test
    void theSameStepIsLaunchedAsItIs() {
        assertThat(step(wanted().add(ADD, SMALL, 1).add(GELU, SMALL, 2))).containsExactly("make 0 of 2", "launch 0");
        assertThat(step(wanted().add(ADD, SMALL, 1).add(GELU, SMALL, 2))).containsExactly("launch 0");
    }

    @Test
    void onlyNodesWhoseGridOrArgumentsDifferAreUpdatedAndOnlyOnce() {
        step(wanted().add(ADD, SMALL, 1).add(ADD, SMALL, 2).add(GELU, SMALL, 3));
        var changed = wanted().add(ADD, SMALL, 1).add(ADD, SMALL, 7).add(GELU, LARGE, 3);
        assertThat(step(changed)).containsExactly("update 0.1: 1 blocks, 7", "update 0.2: 2 blocks, 3", "launch 0");
        assertThat(step(changed)).containsExactly("launch 0");
        assertThat(step(wanted().add(ADD, SMALL, 1).add(ADD, SMALL, 2).add(GELU, LARGE, 3)))
                .containsExactly("update 0.1: 1 blocks, 2", "launch 0");
    }

    @Test
    void otherKernelsNeedAnotherGraphAndTheFirstOneIsKept() {
        step(wanted().add(ADD, SMALL, 1).add(GELU, SMALL, 2));
        assertThat(step(wanted().add(ADD, SMALL, 1).add(GELU, SMALL, 2).add(ADD, SMALL, 3)))
                .containsExactly("make 1 of 3", "launch 1");
        assertThat(step(wanted().add(GELU, SMALL, 2).add(ADD, SMALL, 1))).containsExactly("make 2 of 2", "launch 2");
        assertThat(step(wanted().add(ADD, SMALL, 1).add(GELU, SMALL, 5)))
                .containsExactly("update 0.1: 1 blocks, 5", "launch 0");
    }

    @Test
    void eachPartOfAStepHasAGraphOfItsOwn() {
        var first = wanted().add(ADD, SMALL, 1);
        var second = wanted().add(GELU, SMALL, 2);
        var third = wanted().add(ADD, SMALL, 3);
        step(first, second, third);
        assertThat(made).isEqualTo(3);
        for (int again = 0; again < 3; again++) {
            assertThat(step(first, second, third)).containsExactly("launch 0", "launch 1", "launch 2");
        }
    }

    @Test
    void graphsThatNoStepHasUsedForLongAreFreedButNoneOfALongStep() {
        var parts = new Wanted[StepGraphs.MOST + 5];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = kernels(1 + i);
        }
        assertThat(step(parts)).noneMatch(call -> call.startsWith("free"));
        assertThat(step(parts)).hasSize(parts.length).allMatch(call -> call.startsWith("launch"));
        for (int i = 0; i < 3; i++) {
            step(kernels(100 + i));
        }
        assertThat(step(kernels(200))).contains("free 2");
        assertThat(step(kernels(201))).contains("free 3");
    }

    private static Wanted kernels(int count) {
        var wanted = wanted();
        for (int i = 0; i < count; i++) {
            wanted.add(ADD, SMALL, i);
        }
        return wanted;
    }

    @Test
    void anUpdateThatFailedIsMadeByTheNextStep() {
        step(kernels(1));
        var changed = wanted().add(ADD, SMALL, 4);
        refuses = true;
        assertThatIllegalStateException().isThrownBy(() -> step(changed));
        refuses = false;
        assertThat(step(changed)).containsExactly("update 0.0: 1 blocks, 4", "launch 0");
    }

    @Test
    void freeingFreesEveryGraphOnce() {
        step(kernels(1), kernels(2));
        calls.clear();
        graphs.free();
        graphs.free();
        assertThat(calls).containsExactlyInAnyOrder("free 0", "free 1");
    }
}
