package dev.tandem.lab.data;

import java.util.SplittableRandom;

/// Draws batches of `B` blocks without end: every block once per epoch, in an order shuffled anew
/// for each epoch. The order depends on the seed alone, and [#seek] restores any position. A call
/// to [#next] allocates nothing.
public final class BatchSampler {
    private final Blocks blocks;
    private final int B;
    private final long seed;
    private final int[] order;
    private long position;
    private long shuffledEpoch = -1;

    /// @param B blocks in a batch, at least 1; may exceed the number of blocks
    public BatchSampler(Blocks blocks, int B, long seed) {
        if (B < 1) {
            throw new IllegalArgumentException("B must be at least 1, was " + B);
        }
        this.blocks = blocks;
        this.B = B;
        this.seed = seed;
        this.order = new int[blocks.count()];
    }

    /// Fills `[B,T]` arrays with the next batch.
    ///
    /// @throws IllegalArgumentException if an array does not hold `B·T` elements
    public void next(int[] ids, int[] targets) {
        int N = B * blocks.T();
        if (ids.length != N || targets.length != N) {
            throw new IllegalArgumentException("ids and targets must hold B·T=%d elements, were %d and %d"
                    .formatted(N, ids.length, targets.length));
        }
        for (int row = 0; row < B; row++) {
            long epoch = position / order.length;
            if (epoch != shuffledEpoch) {
                shuffle(epoch);
            }
            blocks.copy(order[(int) (position % order.length)], row, ids, targets);
            position++;
        }
    }

    /// Blocks drawn so far, over all epochs.
    public long position() {
        return position;
    }

    /// Times the whole text has been seen.
    public double epochs() {
        return (double) position / order.length;
    }

    /// Continues as if `position` blocks had been drawn.
    public void seek(long position) {
        if (position < 0) {
            throw new IllegalArgumentException("position must not be negative, was " + position);
        }
        this.position = position;
    }

    private void shuffle(long epoch) {
        var random = new SplittableRandom(seed + 0x9e3779b97f4a7c15L * epoch);
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        for (int i = order.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        shuffledEpoch = epoch;
    }
}
