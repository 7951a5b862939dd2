package dev.tandem.cpu;

import dev.tandem.engine.kernel.ExpertRows;
import java.util.Arrays;

/// The owned rows of all experts, cut into blocks, largest first: a long block started last would
/// leave the other threads idle. Reads the counts at run time; its arrays grow on demand.
final class ExpertBlocks {
    private int[] experts = new int[0];
    private int[] firsts = new int[0];
    // rows in the high half, negated to sort the largest first; the number of the block in the low
    private long[] order = new long[0];
    private int count;

    /// @param most rows of a block
    /// @throws IllegalArgumentException if an expert claims rows outside `0 ... R - 1`
    void cut(ExpertRows rows, int E, long R, int most) {
        long starts = CpuStorage.address(rows.starts());
        long counts = CpuStorage.address(rows.counts());
        count = 0;
        for (int e = 0; e < E; e++) {
            int start = Lanes.getInt(starts + e * (long) Integer.BYTES);
            int owned = Lanes.getInt(counts + e * (long) Integer.BYTES);
            if (start < 0 || owned < 0 || start > R - owned) {
                throw new IllegalArgumentException(
                        "rows: expert %d claims %d rows from row %d, but the buffer has rows 0 to %d"
                                .formatted(e, owned, start, R - 1));
            }
            int parts = Split.parts(owned, most);
            for (int part = 0; part < parts; part++) {
                int first = Split.first(owned, parts, part);
                add(e, start + first, Split.first(owned, parts, part + 1) - first);
            }
        }
        Arrays.sort(order, 0, count);
    }

    private void add(int expert, int first, int rows) {
        if (count == order.length) {
            int grown = Math.max(64, 2 * count);
            experts = Arrays.copyOf(experts, grown);
            firsts = Arrays.copyOf(firsts, grown);
            order = Arrays.copyOf(order, grown);
        }
        experts[count] = expert;
        firsts[count] = first;
        order[count] = (long) -rows << 32 | count;
        count++;
    }

    int count() {
        return count;
    }

    /// Rows of the largest block, 0 if there is none.
    int mostRows() {
        return count == 0 ? 0 : rows(0);
    }

    int expert(int block) {
        return experts[(int) order[block]];
    }

    int first(int block) {
        return firsts[(int) order[block]];
    }

    int rows(int block) {
        return (int) -(order[block] >> 32);
    }
}
