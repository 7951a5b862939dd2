package dev.tandem.cpu;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.junit.jupiter.api.Test;

/// How fast is each tile by itself, over operands in its core's caches, of what one thread multiplies and
/// adds at most in the same rounds? Checks nothing, so its name is no test's; it runs when asked for:
///
///     ./mvnw -pl engine-cpu-vector -am test -Dtest=TileSpeed -Dsurefire.failIfNoSpecifiedTests=false
class TileSpeed {
    private static final int DEPTH = 256;
    private static final long PANEL = DEPTH * GemmTile.ROW_BYTES;
    private static final int PANELS = 8;
    private static final int WARM_UP = 9;
    private static final int ROUNDS = 9;
    private static final long ROUND_NANOS = 10_000_000;
    private static final int FMA_TURNS = 2000;
    private static final int FMA_CHAINS = 10;

    private final List<Line> lines = new ArrayList<>();
    private float sink;

    /// Multiplies over the panel that begins so many bytes behind the first.
    private interface Tile {
        void multiply(long offset);
    }

    /// A tile, and what was measured of it in each round.
    private static final class Line {
        private final String name;
        private final int rows;
        private final int vectors;
        private final Tile tile;
        private final double[] speeds = new double[ROUNDS];
        private final double[] shares = new double[ROUNDS];

        Line(String name, int rows, int vectors, Tile tile) {
            this.name = name;
            this.rows = rows;
            this.vectors = vectors;
            this.tile = tile;
        }
    }

    @Test
    void ofAllKinds() {
        try (Arena arena = Arena.ofConfined()) {
            // Weights as they lie are read from as many panels as their steps fill.
            long floats = (Math.max(PANELS, DEPTH / GemmTile.WIDTH) + 1) * PANEL / Float.BYTES;
            long a = Buffers.random(arena, (int) floats, 1).address();
            long b = Buffers.random(arena, (int) floats, 2).address();
            long c = Buffers.random(arena, (int) floats, 3).address();
            for (TileKind kind : TileKind.values()) {
                for (int rows = 1; rows <= kind.rows(); rows++) {
                    add(kind, rows, a, b, c, false);
                    add(kind, rows, a, b, c, true);
                }
            }
            for (int turn = -WARM_UP; turn < ROUNDS; turn++) {
                int round = Math.floorMod(turn, ROUNDS);
                lines.forEach(line -> measure(line, round));
            }
        }
        lines.forEach(TileSpeed::print);
    }

    private void add(TileKind kind, int rows, long a, long b, long c, boolean adds) {
        String title = adds ? kind.method + ", adding" : kind.method;
        lines.add(new Line(title, rows, kind.vectors(), tile(kind, rows, a, b, c, adds)));
    }

    private static Tile tile(TileKind kind, int rows, long a, long b, long c, boolean adds) {
        GemmTile tile = GemmTile.TILE;
        long stride = GemmTile.ROW_BYTES;
        return switch (kind) {
            case ONE -> at -> tile.multiply(rows, DEPTH, a, b + at, c, stride, adds);
            case READING ->
                at -> {
                    long ignored = tile.multiplyAndRead(rows, DEPTH, a, b + at, b, Long.BYTES, c, stride, adds);
                };
            case PAIR -> at -> tile.multiplyPair(rows, DEPTH, a, b + at, PANEL, c, 2 * stride, adds);
            case WEIGHTS -> at -> tile.multiplyWeights(rows, DEPTH, a, PANEL, b + at, c, adds);
            case HALF_WEIGHTS -> at -> tile.multiplyHalfWeights(rows, DEPTH, a, PANEL, b + at, c, adds);
            case PANELS -> at -> tile.multiplyPanels(rows, DEPTH, a, b + at, c, adds);
        };
    }

    /// What was measured while the compiler was at work is overwritten.
    private void measure(Line line, int round) {
        double peak = 2.0 * FMA_CHAINS * Lanes.LENGTH * FMA_TURNS * callsPerSecond(_ -> sink += multiplyAdd());
        double flop = 2.0 * line.rows * line.vectors * Lanes.LENGTH * DEPTH;
        line.speeds[round] = flop * callsPerSecond(line.tile);
        line.shares[round] = line.speeds[round] / peak;
    }

    private static void print(Line line) {
        Arrays.sort(line.shares);
        Arrays.sort(line.speeds);
        System.out.println(String.format(
                Locale.ROOT,
                "%-27s %2d rows  %6.1f GFLOP/s  %5.1f %% of multiply-adds",
                line.name,
                line.rows,
                line.speeds[ROUNDS / 2] / 1e9,
                100 * line.shares[ROUNDS / 2]));
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
            c0 = a.fma(b, c0);
            c1 = a.fma(b, c1);
            c2 = a.fma(b, c2);
            c3 = a.fma(b, c3);
            c4 = a.fma(b, c4);
            c5 = a.fma(b, c5);
            c6 = a.fma(b, c6);
            c7 = a.fma(b, c7);
            c8 = a.fma(b, c8);
            c9 = a.fma(b, c9);
        }
        FloatVector sum = c0.add(c1).add(c2).add(c3).add(c4);
        return sum.add(c5).add(c6).add(c7).add(c8).add(c9).reduceLanes(VectorOperators.ADD);
    }
}
