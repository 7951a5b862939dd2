package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What no operation does by itself within a step.
final class StepRecorderTest {
    private final StepRecorder recorder = new StepRecorder(ShimBackend.shim());
    private final CudaQueue queue = new CudaQueue(recorder, ShimBackend.EXACTLY);
    private final PositionCell position = new PositionCell(queue);
    private final StepGraphs graphs = new StepGraphs(recorder.graphs().orElseThrow());

    @AfterEach
    void close() {
        graphs.free();
        queue.close();
        recorder.close();
    }

    private int value(DeviceAddress address) {
        int[] found = {-1};
        recorder.download(MemorySegment.ofArray(found), address.value());
        return found[0];
    }

    @Test
    void clearingComesBehindTheKernelsBeforeIt() {
        DeviceAddress cell = position.holding(3);
        recorder.run(graphs, () -> {
            position.holding(5);
            recorder.clear(cell.value(), Integer.BYTES);
        });
        assertThat(value(cell)).isZero();
    }

    @Test
    void waitingLaunchesTheKernelsBeforeIt() {
        DeviceAddress cell = position.holding(3);
        assertThatIllegalStateException()
                .isThrownBy(() -> recorder.run(graphs, () -> {
                    position.holding(5);
                    recorder.synchronize();
                    position.holding(7);
                    throw new IllegalStateException("no more");
                }));
        assertThat(value(cell)).isEqualTo(5);
    }
}
