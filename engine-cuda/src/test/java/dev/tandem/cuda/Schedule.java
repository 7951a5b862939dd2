package dev.tandem.cuda;

/// In which order the host shim runs the threads and blocks of a kernel. CUDA promises none of them,
/// so a right kernel gives the same bits under all.
enum Schedule {
    /// Every warp up to its next meeting, in turn.
    FORWARD(0),
    /// The same from the last block, warp and lane to the first.
    REVERSED(1),
    /// Every warp up to the next barrier of its block before another one runs.
    GREEDY(2),
    /// Both.
    REVERSED_GREEDY(3),
    /// Blocks, warps and bursts of lanes as a seeded generator draws them.
    RANDOM(4);

    private final int code;

    Schedule(int code) {
        this.code = code;
    }

    /// Its number in `cuda_host.cpp`.
    int code() {
        return code;
    }
}
