package dev.tandem.cuda;

/// Shape of a kernel's run.
///
/// @param x blocks along x, up to 2³¹ − 1
/// @param y blocks along y, up to 65535
/// @param z blocks along z, up to 65535
/// @param threadsX threads of a block along x; consecutive ones share a warp
/// @param threadsY threads of a block along y
/// @param threadsZ threads of a block along z
/// @param sharedBytes dynamic shared memory of a block
record Grid(int x, int y, int z, int threadsX, int threadsY, int threadsZ, int sharedBytes) {
    /// Enough blocks to fill any GPU of today several times over; kernels stride over the rest.
    private static final int ENOUGH_BLOCKS = 1 << 14;

    private static final int WARP = 32;
    private static final int FOUR = 4;
    private static final int FOUR_THREADS = 256;
    private static final int LARGEST_BLOCK = 1024;
    private static final int LARGEST_Y_OR_Z = 65_535;

    /// Shared memory that a block of an sm_90 may have; sm_80 has 163 KiB, sm_89 99 KiB.
    private static final int LARGEST_SHARED = 227 * 1024;

    Grid {
        long threads = (long) threadsX * threadsY * threadsZ;
        boolean blocks = x >= 1 && y >= 1 && z >= 1 && y <= LARGEST_Y_OR_Z && z <= LARGEST_Y_OR_Z;
        boolean block = threadsX >= 1 && threadsY >= 1 && threadsZ >= 1 && threads <= LARGEST_BLOCK;
        if (!blocks || !block || threads % WARP != 0 || sharedBytes < 0 || sharedBytes > LARGEST_SHARED) {
            throw new IllegalArgumentException("no GPU runs %d×%d×%d blocks of %d×%d×%d threads and %d shared bytes"
                    .formatted(x, y, z, threadsX, threadsY, threadsZ, sharedBytes));
        }
    }

    /// Blocks and threads along x alone.
    static Grid of(int blocks, int threads) {
        return new Grid(blocks, 1, 1, threads, 1, 1, 0);
    }

    /// One thread for every element, up to a limit beyond which the kernel must stride.
    static Grid covering(long elements, int threads) {
        return of((int) Math.min(ENOUGH_BLOCKS, Math.ceilDiv(elements, threads)), threads);
    }

    /// One thread for every four elements, which may begin up to three before the first; see `four.cuh`.
    static Grid coveringFours(long elements) {
        return covering(Math.ceilDiv(elements + FOUR - 1, FOUR), FOUR_THREADS);
    }

    /// One warp for every row, up to a limit beyond which the kernel must stride.
    static Grid warps(long rows, int threads) {
        return covering(rows * WARP, threads);
    }

    /// The same blocks with dynamic shared memory.
    Grid shared(int bytes) {
        return new Grid(x, y, z, threadsX, threadsY, threadsZ, bytes);
    }
}
