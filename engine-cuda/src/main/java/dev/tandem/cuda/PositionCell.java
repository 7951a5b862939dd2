package dev.tandem.cuda;

/// `position.cu`: the position that a text has reached, in device memory.
///
/// Kernels that append to a text are given this place rather than the number, so that their arguments
/// stay the same from one token to the next. A kernel sets it, not an upload, so that this is in its place
/// among the kernels of a step.
final class PositionCell {
    private static final int THREADS = 32;
    private static final int UNKNOWN = -1;

    private final DeviceAddress cell;
    private final CudaKernel<Set> set;
    private int held = UNKNOWN;

    record Set(DeviceAddress cell, int position) {}

    PositionCell(CudaQueue queue) {
        cell = queue.memory("position").holding(Integer.BYTES);
        set = queue.kernel("position.cu", "position_set", Set.class);
    }

    /// Its place, which holds the position in what is enqueued next.
    DeviceAddress holding(int position) {
        if (position != held) {
            set.launch(Grid.of(1, THREADS), new Set(cell, position));
            held = position;
        }
        return cell;
    }

    /// What it holds is no longer known: what was enqueued may have been dropped.
    void forget() {
        held = UNKNOWN;
    }
}
