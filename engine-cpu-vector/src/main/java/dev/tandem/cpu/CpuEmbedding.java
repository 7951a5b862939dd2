package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Embedding;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Token and position vectors. A row of the packed table has its elements a panel row apart.
///
/// The backward is divided by columns: each task adds its own columns of all tokens in their order, so
/// repeated tokens need neither locks nor sorting.
final class CpuEmbedding implements Embedding {
    private static final int ROWS = 16;
    private static final int COLUMNS = 16;
    private static final double BASE = 10_000;

    private final Workers workers;
    private final Workspace scratch;
    private final Workers.Task forward = this::forwardRows;
    private final Workers.Task backward = this::backwardColumns;
    private final Workers.Task sinusoids = this::sinusoidRows;

    private int N;
    private int T;
    private int V;
    private int C;
    private int P;
    private int padding;
    private float scale;
    private boolean learned;
    private long y;
    private long ids;
    private long table;
    private long positions;
    private long places;

    CpuEmbedding(Workers workers, Workspace scratch) {
        this.workers = workers;
        this.scratch = scratch;
    }

    @Override
    public void forward(Tensor y, Tensor ids, Tensor table, Tensor positions, float scale, int padding, int start) {
        operands(y, ids, table, scale, padding);
        P = positions.shape().extent(0);
        this.positions = CpuStorage.address(positions);
        place(start);
        workers.run(Math.ceilDiv(N, ROWS), forward);
    }

    @Override
    public void backward(Tensor dTable, Optional<Tensor> dPositions, Tensor dy, Tensor ids, float scale, int padding) {
        operands(dy, ids, dTable, scale, padding);
        learned = dPositions.isPresent();
        P = learned ? dPositions.get().shape().extent(0) : Integer.MAX_VALUE;
        positions = learned ? CpuStorage.address(dPositions.get()) : 0;
        place(0);
        workers.run(Math.ceilDiv(C, COLUMNS), backward);
    }

    @Override
    public void sinusoidal(Tensor positions, int padding) {
        P = positions.shape().extent(0);
        C = positions.shape().last();
        this.padding = padding;
        this.positions = CpuStorage.address(positions);
        int half = C / 2;
        places = scratch.address((long) half * Double.BYTES);
        for (int i = 0; i < half; i++) {
            double rate = StrictMath.exp(-i * (StrictMath.log(BASE) / (half - 1)));
            Lanes.setLong(places + (long) i * Double.BYTES, Double.doubleToRawLongBits(rate));
        }
        workers.run(P, sinusoids);
    }

    private void operands(Tensor y, Tensor ids, Tensor table, float scale, int padding) {
        N = (int) ids.shape().elements();
        T = ids.shape().extent(1);
        V = table.shape().extent(0);
        C = table.shape().extent(1);
        this.scale = scale;
        this.padding = padding;
        this.y = CpuStorage.address(y);
        this.ids = CpuStorage.address(ids);
        this.table = CpuStorage.address(table);
    }

    /// Verifies every id and finds the position of every token.
    private void place(int start) {
        places = scratch.address((long) N * Integer.BYTES);
        int next = 0;
        for (int n = 0; n < N; n++) {
            if (n % T == 0) {
                next = start + padding + 1;
            }
            int id = id(n);
            if (id < 0 || id >= V) {
                throw new IllegalArgumentException(
                        "Embedding: ids[%d, %d] must be in 0..%d, was %d".formatted(n / T, n % T, V - 1, id));
            }
            int position = padding >= 0 && id == padding ? padding : next++;
            if (position < 0 || position >= P) {
                throw new IllegalArgumentException(
                        "Embedding: token [%d, %d] has position %d, but the table of positions ends at %d"
                                .formatted(n / T, n % T, position, P - 1));
            }
            Lanes.setInt(places + (long) n * Integer.BYTES, position);
        }
    }

    private int id(int n) {
        return Lanes.getInt(ids + (long) n * Integer.BYTES);
    }

    private long position(int n) {
        return positions + (long) Lanes.getInt(places + (long) n * Integer.BYTES) * C * Float.BYTES;
    }

    private long row(int id) {
        return table + id / GemmTile.WIDTH * (C * GemmTile.ROW_BYTES) + id % GemmTile.WIDTH * (long) Float.BYTES;
    }

    private void forwardRows(int block, int worker) {
        long row = workers.workspace(worker).address((long) C * Float.BYTES);
        int last = Math.min(N, (block + 1) * ROWS);
        for (int n = block * ROWS; n < last; n++) {
            long from = row(id(n));
            for (int c = 0; c < C; c++) {
                Lanes.set(row + (long) c * Float.BYTES, Lanes.get(from + c * GemmTile.ROW_BYTES));
            }
            sum(y + (long) n * C * Float.BYTES, row, position(n), scale, C);
        }
    }

    /// `y = scale * token + position`.
    private static void sum(long y, long token, long position, float scale, int C) {
        FloatVector factor = Lanes.broadcast(scale);
        int c = 0;
        for (int bound = Lanes.F32.loopBound(C); c < bound; c += Lanes.LENGTH) {
            long at = (long) c * Float.BYTES;
            Lanes.store(Lanes.load(token + at).fma(factor, Lanes.load(position + at)), y + at);
        }
        if (c < C) {
            VectorMask<Float> tail = Lanes.tail(c, C);
            long at = (long) c * Float.BYTES;
            Lanes.store(Lanes.load(token + at, tail).fma(factor, Lanes.load(position + at, tail)), y + at, tail);
        }
    }

    private void backwardColumns(int part, int worker) {
        int first = part * COLUMNS;
        int count = Math.min(COLUMNS, C - first);
        for (int n = 0; n < N; n++) {
            int id = id(n);
            if (id == padding) {
                continue;
            }
            long gradient = y + ((long) n * C + first) * Float.BYTES;
            long to = row(id) + first * GemmTile.ROW_BYTES;
            for (int c = 0; c < count; c++) {
                long element = to + c * GemmTile.ROW_BYTES;
                Lanes.set(element, Lanes.get(element) + scale * Lanes.get(gradient + (long) c * Float.BYTES));
            }
            if (learned) {
                Rows.add(position(n) + (long) first * Float.BYTES, gradient, count);
            }
        }
    }

    private void sinusoidRows(int p, int worker) {
        long row = positions + (long) p * C * Float.BYTES;
        Lanes.fill(row, (long) C * Float.BYTES, (byte) 0);
        if (p == padding) {
            return;
        }
        int half = C / 2;
        for (int i = 0; i < half; i++) {
            double angle = p * Double.longBitsToDouble(Lanes.getLong(places + (long) i * Double.BYTES));
            Lanes.set(row + (long) i * Float.BYTES, (float) StrictMath.sin(angle));
            Lanes.set(row + (long) (half + i) * Float.BYTES, (float) StrictMath.cos(angle));
        }
    }
}
