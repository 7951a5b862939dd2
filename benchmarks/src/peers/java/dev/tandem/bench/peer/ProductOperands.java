package dev.tandem.bench.peer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// The operands of products in memory that C can reach.
final class ProductOperands implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    private final Arena arena = Arena.ofShared();
    private final ProductQuestion question;
    private final MemorySegment x;
    private final MemorySegment y;
    private final List<List<Task>> calls = new ArrayList<>();

    /// A product with one matrix.
    ///
    /// @param x `[rows, in]`
    /// @param weight `[out, in]`
    /// @param y `[rows, out]`
    record Task(MemorySegment x, MemorySegment weight, MemorySegment y, int rows, int in, int out) {}

    ProductOperands(ProductQuestion question) {
        this.question = question;
        this.x = copied(question.x());
        this.y = arena.allocate(bytes(question.rows(), question.out()), ALIGNMENT);
        float[] weights = question.weights();
        for (int copy = 0; copy < question.copies(); copy++) {
            calls.add(tasks(copied(weights)));
        }
    }

    private MemorySegment copied(float[] values) {
        MemorySegment segment = arena.allocate(bytes(1, values.length), ALIGNMENT);
        MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_FLOAT, 0, values.length);
        return segment;
    }

    private static long bytes(long rows, long columns) {
        return rows * columns * Float.BYTES;
    }

    private List<Task> tasks(MemorySegment weights) {
        int in = question.in();
        int out = question.out();
        var tasks = new ArrayList<Task>();
        int first = 0;
        for (int rows : question.counts()) {
            tasks.add(new Task(
                    x.asSlice(bytes(first, in), bytes(rows, in)),
                    weights.asSlice(bytes((long) tasks.size() * out, in), bytes(out, in)),
                    y.asSlice(bytes(first, out), bytes(rows, out)),
                    rows,
                    in,
                    out));
            first += rows;
        }
        return tasks;
    }

    /// The products of each call, which take turns: of every matrix one.
    List<List<Task>> calls() {
        return calls;
    }

    List<Answer> answers() {
        return List.of(new Answer("y", y.toArray(ValueLayout.JAVA_FLOAT)));
    }

    @Override
    public void close() {
        arena.close();
    }
}
