package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WorkersTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void everyTaskRunsOnceAndIsFinishedWhenRunReturns(int threads) {
        try (var workers = new Workers(threads, false)) {
            for (int tasks : new int[] {0, 1, 2, 3, 7, 1000}) {
                for (int repeat = 0; repeat < 200; repeat++) {
                    var runs = new AtomicIntegerArray(tasks);
                    workers.run(tasks, (task, worker) -> {
                        assertThat(worker).isBetween(0, threads - 1);
                        runs.incrementAndGet(task);
                    });
                    for (int task = 0; task < tasks; task++) {
                        assertThat(runs.get(task)).isEqualTo(1);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void theTasksOfAWorkerHaveAdjacentPlaces(int threads) {
        try (var workers = new Workers(threads, false)) {
            for (int tasks : new int[] {1, 2, 3, 7, 1000}) {
                int place = 0;
                for (int worker = 0; worker < threads; worker++) {
                    for (int task = worker; task < tasks; task += threads) {
                        assertThat(workers.place(task, tasks)).isEqualTo(place++);
                    }
                }
            }
        }
    }

    @Test
    void parkedHelpersComeBack() throws InterruptedException {
        try (var workers = new Workers(3, false)) {
            for (int repeat = 0; repeat < 5; repeat++) {
                Thread.sleep(2);
                var runs = new AtomicInteger();
                workers.run(50, (_, _) -> runs.incrementAndGet());
                assertThat(runs).hasValue(50);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void anExceptionOfATaskReachesTheCallerAndTheNextRunWorks(int threads) {
        try (var workers = new Workers(threads, false)) {
            assertThatThrownBy(() -> workers.run(40, (task, _) -> {
                        if (task == 17) {
                            throw new IllegalArgumentException("task 17");
                        }
                    }))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("task 17");
            var runs = new AtomicInteger();
            workers.run(40, (_, _) -> runs.incrementAndGet());
            assertThat(runs).hasValue(40);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aTaskMustNotStartAnotherRun(int threads) {
        try (var workers = new Workers(threads, false)) {
            assertThatThrownBy(() -> workers.run(4, (_, _) -> workers.run(4, (_, _) -> {})))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("one kernel at a time");
        }
    }

    @Test
    void nothingRunsAfterClose() {
        var workers = new Workers(2, false);
        workers.close();
        assertThatThrownBy(() -> workers.run(1, (_, _) -> {})).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void workspacesGrowAlignedAndKeepTheirMemory() {
        try (var workspace = new Workspace(true)) {
            for (long bytes : new long[] {1, 1000, 3 << 20, 9 << 20}) {
                long address = workspace.address(bytes);
                assertThat(address % 64).isZero();
                Lanes.fill(address, bytes, (byte) 1);
                assertThat(workspace.address(bytes / 2)).isEqualTo(address);
            }
        }
    }
}
