package dev.tandem.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Kernels in a row, each with its grid and a copy of its arguments. Adding one allocates nothing once there
/// is room.
final class Launches {
    private static final int FIRST_BYTES = 4096;
    private static final int FIRST_LAUNCHES = 16;

    private final List<Accelerator.Entry> entries = new ArrayList<>();
    private final List<Grid> grids = new ArrayList<>();
    // the arguments of launch i end before ends[i]
    private int[] ends = new int[FIRST_LAUNCHES];
    private MemorySegment blocks = MemorySegment.ofArray(new byte[FIRST_BYTES]);

    /// Appends one.
    ///
    /// @param bytes of the arguments
    void add(Accelerator.Entry entry, Grid grid, MemorySegment arguments, int bytes) {
        int start = end();
        int end = start + bytes;
        if (end > blocks.byteSize()) {
            var larger = MemorySegment.ofArray(new byte[Math.max(end, 2 * start)]);
            HostBytes.copy(blocks, 0, larger, 0, start);
            blocks = larger;
        }
        HostBytes.copy(arguments, 0, blocks, start, bytes);
        if (count() == ends.length) {
            ends = Arrays.copyOf(ends, 2 * ends.length);
        }
        ends[count()] = end;
        entries.add(entry);
        grids.add(grid);
    }

    private int start(int i) {
        return i == 0 ? 0 : ends[i - 1];
    }

    private int end() {
        return start(count());
    }

    int count() {
        return entries.size();
    }

    Accelerator.Entry entry(int i) {
        return entries.get(i);
    }

    Grid grid(int i) {
        return grids.get(i);
    }

    /// On the heap; valid until something is added.
    MemorySegment arguments(int i) {
        return blocks.asSlice(start(i), ends[i] - start(i));
    }

    /// Whether others are of the same kernels in the same order.
    boolean areOfKernels(Launches others) {
        if (others.count() != count()) {
            return false;
        }
        for (int i = 0; i < count(); i++) {
            if (others.entries.get(i) != entries.get(i)) {
                return false;
            }
        }
        return true;
    }

    /// Whether grid and arguments of one are those of its counterpart among others of the same kernels.
    boolean isAsIn(int i, Launches others) {
        return grids.get(i).equals(others.grids.get(i))
                && MemorySegment.mismatch(blocks, start(i), ends[i], others.blocks, start(i), ends[i]) < 0;
    }

    /// Takes grid and arguments of one from its counterpart among others of the same kernels.
    void take(int i, Launches others) {
        grids.set(i, others.grids.get(i));
        HostBytes.copy(others.blocks, start(i), blocks, start(i), ends[i] - start(i));
    }

    Launches copy() {
        var copy = new Launches();
        copy.entries.addAll(entries);
        copy.grids.addAll(grids);
        copy.ends = Arrays.copyOf(ends, Math.max(count(), FIRST_LAUNCHES));
        copy.blocks = MemorySegment.ofArray(new byte[end()]);
        HostBytes.copy(blocks, 0, copy.blocks, 0, end());
        return copy;
    }

    void clear() {
        entries.clear();
        grids.clear();
    }
}
