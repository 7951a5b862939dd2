package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Embedding;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Token and position vectors. A row of the packed table has its elements a panel row apart, so a token alone
/// reads a cache line per element.
///
/// So tokens are taken in the order of their panels, which a thread then finds in its cache. In the backward one
/// task owns the panels of a group of tokens, and adds them in the tokens' order: repeated tokens need no locks, and
/// sums have one order.
final class CpuEmbedding implements Embedding {
    private static final int ROWS = 16;
    // Columns of a panel, 16 KiB, that stay in the first-level cache while a group's gradients are added.
    private static final int COLUMNS = 128;
    private static final double BASE = 10_000;

    private final Workers workers;
    private final Workspace scratch;
    private final Workers.Task forward = this::forwardRows;
    private final Workers.Task backward = this::backwardGroup;
    private final Workers.Task positionsBackward = this::positionColumns;
    private final Workers.Task sinusoids = this::sinusoidRows;

    private int N;
    private int T;
    private int V;
    private int C;
    private int P;
    private int padding;
    private float scale;
    private long y;
    private long ids;
    private long table;
    private long positions;
    private long places;
    // Tokens by panel; where in them each panel and each group begins
    private long order;
    private long panelStarts;
    private long groupStarts;

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
        boolean learned = dPositions.isPresent();
        P = learned ? dPositions.get().shape().extent(0) : Integer.MAX_VALUE;
        place(0);
        workers.run(group() * columnChunks(), backward);
        if (learned) {
            positions = CpuStorage.address(dPositions.get());
            workers.run(columnChunks(), positionsBackward);
        }
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
        layScratch();
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
            put(places, n, position);
        }
        orderByPanel();
    }

    private void layScratch() {
        long tokens = Workspace.aligned((N + 1L) * Integer.BYTES);
        places = scratch.address(3 * tokens + (panels() + 1L) * Integer.BYTES);
        order = places + tokens;
        groupStarts = order + tokens;
        panelStarts = groupStarts + tokens;
    }

    private int panels() {
        return Math.ceilDiv(V, GemmTile.WIDTH);
    }

    private int columnChunks() {
        return Math.ceilDiv(C, COLUMNS);
    }

    /// A counting sort, which keeps the tokens of a panel in their order; `panelStarts[p]` is where panel p ends.
    private void orderByPanel() {
        Lanes.fill(panelStarts, (panels() + 1L) * Integer.BYTES, (byte) 0);
        for (int n = 0; n < N; n++) {
            int next = id(n) / GemmTile.WIDTH + 1;
            put(panelStarts, next, integer(panelStarts, next) + 1);
        }
        for (int p = 1; p < panels(); p++) {
            put(panelStarts, p, integer(panelStarts, p) + integer(panelStarts, p - 1));
        }
        for (int n = 0; n < N; n++) {
            int panel = id(n) / GemmTile.WIDTH;
            int at = integer(panelStarts, panel);
            put(panelStarts, panel, at + 1);
            put(order, at, n);
        }
    }

    /// Cuts the ordered tokens into groups that share no panel; returns how many.
    private int group() {
        int groups = 0;
        int begin = 0;
        for (int p = 0; p < panels(); p++) {
            int end = integer(panelStarts, p);
            if (end - begin >= ROWS || (end == N && begin < N)) {
                put(groupStarts, groups++, begin);
                begin = end;
            }
        }
        put(groupStarts, groups, N);
        return groups;
    }

    private static int integer(long base, int i) {
        return Lanes.getInt(base + (long) i * Integer.BYTES);
    }

    private static void put(long base, int i, int value) {
        Lanes.setInt(base + (long) i * Integer.BYTES, value);
    }

    private int id(int n) {
        return integer(ids, n);
    }

    private long position(int n) {
        return positions + (long) integer(places, n) * C * Float.BYTES;
    }

    private long row(int id) {
        return table + id / GemmTile.WIDTH * (C * GemmTile.ROW_BYTES) + id % GemmTile.WIDTH * (long) Float.BYTES;
    }

    private void forwardRows(int block, int worker) {
        long row = workers.workspace(worker).address((long) COLUMNS * Float.BYTES);
        int last = Math.min(N, (block + 1) * ROWS);
        for (int first = 0; first < C; first += COLUMNS) {
            int count = Math.min(COLUMNS, C - first);
            long offset = (long) first * Float.BYTES;
            for (int i = block * ROWS; i < last; i++) {
                int n = integer(order, i);
                gather(row, row(id(n)) + first * GemmTile.ROW_BYTES, count);
                sum(y + (long) n * C * Float.BYTES + offset, row, position(n) + offset, scale, count);
            }
        }
    }

    /// `y[c] = panel[c][lane]`.
    private static void gather(long y, long lane, int count) {
        // Bounded, so that C2 checks no address
        long from = lane & Lanes.ADDRESS_BITS;
        long to = y & Lanes.ADDRESS_BITS;
        for (int c = 0; c < count; c++) {
            Lanes.set(to + (long) c * Float.BYTES, Lanes.get(from + c * GemmTile.ROW_BYTES));
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

    private void backwardGroup(int task, int worker) {
        int group = task / columnChunks();
        int first = task % columnChunks() * COLUMNS;
        int count = Math.min(COLUMNS, C - first);
        int last = integer(groupStarts, group + 1);
        for (int i = integer(groupStarts, group); i < last; i++) {
            int n = integer(order, i);
            if (id(n) != padding) {
                long gradient = y + ((long) n * C + first) * Float.BYTES;
                spread(row(id(n)) + first * GemmTile.ROW_BYTES, gradient, scale, count);
            }
        }
    }

    /// `panel[c][lane] += scale * x[c]`.
    private static void spread(long lane, long x, float scale, int count) {
        long to = lane & Lanes.ADDRESS_BITS;
        long from = x & Lanes.ADDRESS_BITS;
        for (int c = 0; c < count; c++) {
            long element = to + c * GemmTile.ROW_BYTES;
            Lanes.set(element, Lanes.get(element) + scale * Lanes.get(from + (long) c * Float.BYTES));
        }
    }

    private void positionColumns(int part, int worker) {
        int first = part * COLUMNS;
        int count = Math.min(COLUMNS, C - first);
        for (int n = 0; n < N; n++) {
            if (id(n) != padding) {
                long offset = (long) first * Float.BYTES;
                Rows.add(position(n) + offset, y + (long) n * C * Float.BYTES + offset, count);
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
