package dev.tandem.cpu;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Locale;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.junit.jupiter.api.Test;

/// How fast is each tile by itself, over operands in its core's caches, of what one thread multiplies and adds at most
/// in
/// the same rounds? Checks nothing, so its name is no test's; it runs when asked for:
///
///     ./mvnw -pl engine-cpu-vector -am test -Dtest=TileSpeed -Dsurefire.failIfNoSpecifiedTests=false
class TileSpeed {
    private static final int DEPTH = 256;
    private static final long PANEL = DEPTH * GemmTile.ROW_BYTES;
    private static final int PANELS = 8;
    private static final int ROUNDS = 9;
    private static final long ROUND_NANOS = 10_000_000;
    private static final int FMA_TURNS = 2000;
    private static final int FMA_CHAINS = 10;

    private float sink;

    /// Multiplies over the panel that begins so many bytes behind the first.
    private interface Tile {
        void multiply(long offset);
    }

    @Test
    void ofAllKinds() {
        try (Arena arena = Arena.ofConfined()) {
            int floats = (int) ((PANELS + 1) * PANEL / Float.BYTES);
            long a = Buffers.random(arena, floats, 1).address();
            long b = Buffers.random(arena, floats, 2).address();
            long c = Buffers.random(arena, floats, 3).address();
            GemmTile tile = GemmTile.TILE;
            for (int r = 1; r <= GemmTile.ROWS; r++) {
                int rows = r;
                line("multiply", rows, 2, at -> tile.multiply(rows, DEPTH, a, b + at, c, GemmTile.ROW_BYTES, false));
                line(
                        "multiply, adding",
                        rows,
                        2,
                        at -> tile.multiply(rows, DEPTH, a, b + at, c, GemmTile.ROW_BYTES, true));
                line("multiplyPanels", rows, 2, at -> tile.multiplyPanels(rows, DEPTH, a, b + at, c, false));
                line("multiplyWeights", rows, 2, at -> tile.multiplyWeights(rows, DEPTH, a, PANEL, b + at, c, false));
            }
            for (int r = 1; r <= GemmTile.PAIR_ROWS; r++) {
                int rows = r;
                line(
                        "multiplyPair",
                        rows,
                        4,
                        at -> tile.multiplyPair(rows, DEPTH, a, b + at, PANEL, c, 2 * GemmTile.ROW_BYTES, false));
            }
        }
    }

    private void line(String name, int rows, int vectors, Tile tile) {
        double flop = 2.0 * rows * vectors * Lanes.LENGTH * DEPTH;
        double[] shares = new double[ROUNDS];
        double[] speeds = new double[ROUNDS];
        for (int round = -ROUNDS; round < ROUNDS; round++) { // twice, until the compiler is done
            double peak = 2.0 * FMA_CHAINS * Lanes.LENGTH * FMA_TURNS * callsPerSecond(_ -> sink += multiplyAdd());
            double speed = flop * callsPerSecond(tile);
            speeds[Math.abs(round) % ROUNDS] = speed;
            shares[Math.abs(round) % ROUNDS] = speed / peak;
        }
        Arrays.sort(shares);
        Arrays.sort(speeds);
        System.out.println(String.format(
                Locale.ROOT,
                "%-18s %2d rows  %6.1f GFLOP/s  %5.1f %% of multiply-adds",
                name,
                rows,
                speeds[ROUNDS / 2] / 1e9,
                100 * shares[ROUNDS / 2]));
    }

    private static double callsPerSecond(Tile tile) {
        long begin = System.nanoTime();
        int calls = 0;
        do {
            for (int panel = 0; panel < PANELS; panel++) {
                tile.multiply(panel * PANEL);
            }
            calls += PANELS;
        } while (System.nanoTime() - begin < ROUND_NANOS);
        return calls / ((System.nanoTime() - begin) * 1e-9);
    }

    private static float multiplyAdd() {
        FloatVector a = Lanes.broadcast(0.75f);
        FloatVector b = Lanes.broadcast(0.25f);
        FloatVector c0 = Lanes.broadcast(1);
        FloatVector c1 = c0.add(1);
        FloatVector c2 = c0.add(2);
        FloatVector c3 = c0.add(3);
        FloatVector c4 = c0.add(4);
        FloatVector c5 = c0.add(5);
        FloatVector c6 = c0.add(6);
        FloatVector c7 = c0.add(7);
        FloatVector c8 = c0.add(8);
        FloatVector c9 = c0.add(9);
        for (int i = 0; i < FMA_TURNS; i++) {
            c0 = c0.fma(a, b);
            c1 = c1.fma(a, b);
            c2 = c2.fma(a, b);
            c3 = c3.fma(a, b);
            c4 = c4.fma(a, b);
            c5 = c5.fma(a, b);
            c6 = c6.fma(a, b);
            c7 = c7.fma(a, b);
            c8 = c8.fma(a, b);
            c9 = c9.fma(a, b);
        }
        FloatVector sum = c0.add(c1).add(c2).add(c3).add(c4);
        return sum.add(c5).add(c6).add(c7).add(c8).add(c9).reduceLanes(VectorOperators.ADD);
    }
}
