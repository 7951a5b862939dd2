package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tandem.engine.DeviceException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// The shim runs right kernels as a GPU would, and notices wrong ones.
final class HostShimTest {
    private static final int WORDS = 1024;

    record Echo(
            DeviceAddress values, int small, long large, float real, double exact, DeviceAddress absent, int last) {}

    record Numbers(DeviceAddress numbers, int count) {}

    record Reordered(int count, DeviceAddress numbers) {}

    /// Runs with a queue and memory for 1024 integers, of which the result is what is in there then.
    private static int[] integers(Schedule schedule, BiConsumer<CudaQueue, DeviceAddress> use) {
        try (HostShim shim = ShimBackend.shim(schedule);
                CudaQueue queue = new CudaQueue(shim, ShimBackend.EXACTLY)) {
            long address = shim.allocate(WORDS * Integer.BYTES).orElseThrow();
            use.accept(queue, new DeviceAddress(address));
            int[] words = new int[WORDS];
            shim.download(MemorySegment.ofArray(words), address);
            return words;
        }
    }

    private static int[] run(Schedule schedule, String kernel, Grid grid, int count) {
        return integers(
                schedule,
                (queue, memory) -> queue.kernel(HostLibrary.SHIM_TEST, kernel, Numbers.class)
                        .launch(grid, new Numbers(memory, count)));
    }

    @Test
    void argumentsArriveAsTheyWerePassed() {
        int[] words = integers(
                Schedule.FORWARD,
                (queue, memory) -> queue.kernel(HostLibrary.SHIM_TEST, "echo", Echo.class)
                        .launch(
                                Grid.of(1, 32),
                                new Echo(
                                        memory, -3, 1L << 40, 0.1f, Math.PI, new DeviceAddress(0), Integer.MIN_VALUE)));

        double[] values =
                MemorySegment.ofArray(words).asSlice(0, 6 * Double.BYTES).toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED);
        assertThat(values).containsExactly(-3, 0x1p40, 0.1f, Math.PI, 1, 0x1p31);
    }

    @Test
    void argumentsInAnotherOrderAreRefused() {
        assertThatThrownBy(() -> integers(
                        Schedule.FORWARD,
                        (queue, memory) -> queue.kernel(HostLibrary.SHIM_TEST, "places", Reordered.class)))
                .hasMessageContaining("numbers:p:0:8", "count:i:0:4");
    }

    @ParameterizedTest
    @EnumSource
    void everyThreadHasItsPlace(Schedule schedule) {
        int[] words = run(schedule, "places", new Grid(2, 3, 2, 8, 2, 4, 0), 768);

        assertThat(Arrays.copyOf(words, 768))
                .containsExactly(IntStream.range(0, 768).toArray());
    }

    @ParameterizedTest
    @EnumSource
    void warpFunctionsGiveWhatCudaDefines(Schedule schedule) {
        int[] words = run(schedule, "warp_functions", Grid.of(1, 32), 0);

        List<IntUnaryOperator> wanted = List.of(
                me -> 5,
                me -> me < 3 ? me : me - 3,
                me -> me > 28 ? me : me + 3,
                me -> me ^ 7,
                me -> HexFormat.fromHexDigits("49249249"),
                me -> 0xF << (me / 4 * 4),
                me -> 31 * 16 - 7 * 32,
                me -> -7,
                me -> 24,
                me -> 1,
                me -> (me ^ 1) + 100 * (me % 8 == 0 ? me : me - 1),
                me -> me < 16 ? 15 : 16);
        for (int me = 0; me < 32; me++) {
            for (int i = 0; i < 12; i++) {
                assertThat(words[12 * me + i])
                        .as("result %d of lane %d", i, me)
                        .isEqualTo(wanted.get(i).applyAsInt(me));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void templatesHaveSharedMemoryAndLanesSeeEachOthersRegisters(Schedule schedule) {
        int[] words = run(schedule, "sums", Grid.of(1, 256), 0);

        for (int thread = 0; thread < 256; thread++) {
            int warp = thread / 32;
            assertThat(words[thread]).isEqualTo(2 * 255 * 128 + 32 * 32 * warp + 31 * 16 + 32);
        }
    }

    @Test
    void aMissingBarrierShowsUnderSomeSchedule() {
        int[] wanted = IntStream.range(0, 64).map(i -> (i + 32) % 64).toArray();

        assertThat(Arrays.stream(Schedule.values())
                        .filter(schedule -> !Arrays.equals(
                                wanted, Arrays.copyOf(run(schedule, "missing_barrier", Grid.of(1, 64), 0), 64))))
                .isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "divergent_barrier, 64, divergent barrier",
        "two_barriers, 64, divergent barrier",
        "absent_lane, 32, which takes no part",
        "foreign_mask, 32, not in its own mask",
        "shared_overrun, 32, dynamic shared memory",
        "memory_overrun, 32, outside an allocation",
        "absent_lane, 64, at most 32",
    })
    void aBrokenRuleIsReportedByName(String kernel, int threads, String words) {
        assumeFalse(HostLibrary.SANITIZED && kernel.equals("memory_overrun"), "the sanitizer ends the process");
        for (Schedule schedule : Schedule.values()) {
            assertThatThrownBy(() -> run(schedule, kernel, Grid.of(2, threads).shared(128), WORDS))
                    .as("under %s", schedule)
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining(kernel)
                    .hasMessageContaining(words);
        }
    }

    @Test
    void theFirstComplaintIsRaisedOnce() {
        try (HostShim shim = ShimBackend.shim(Schedule.FORWARD);
                CudaQueue queue = new CudaQueue(shim, ShimBackend.EXACTLY)) {
            queue.kernel(HostLibrary.SHIM_TEST, "complains", Numbers.class)
                    .launch(Grid.of(1, 32), new Numbers(queue.complaint(), 3));

            assertThatThrownBy(queue::raiseComplaint)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("routing.slot must be in 0..100, but holds -3");
            queue.raiseComplaint();
        }
    }
}
