package dev.tandem.cpu;

import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.SecondPolicy;
import java.util.Arrays;

/// Numbers the choices at each expert: all first choices, then all second ones, each in token order or
/// by falling probability of the first.
///
/// One pass over N·K integers by one thread: the order is the result, and it costs far less than the
/// products that follow.
final class GateQueue {
    private static final int DIGIT_BITS = 8;
    private static final int DIGITS = 1 << DIGIT_BITS;
    private static final int NOT_SERVED = -1;

    private final int[] digitStarts = new int[DIGITS];

    // Operands, as the gate lays them out
    int N;
    int E;
    int K;
    int S;
    long expert;
    long slot;
    long probabilities;
    long queued;
    long dropped;
    /// Padding mask and noise of the random policy, 0 if absent.
    long padding;

    long draws;

    /// Scratch: E integers, the length of each queue; afterwards what it served.
    long lengths;
    /// Scratch: [#orderBytes], for batch-prioritised routing only.
    long order;

    /// Bytes of scratch that an order by probability takes.
    static long orderBytes(int N) {
        return 4L * N * Integer.BYTES;
    }

    /// Fills `slot`, `queued` and `dropped`, and leaves the choices served per expert in `lengths`.
    void run(GateOptions options) {
        Lanes.fill(lengths, (long) E * Integer.BYTES, (byte) 0);
        Lanes.fill(queued, (long) K * E * Integer.BYTES, (byte) 0);
        Lanes.fill(dropped, (long) K * E * Integer.BYTES, (byte) 0);
        if (options.batchPrioritized()) {
            sortByProbability();
        }
        for (int k = 0; k < K; k++) {
            boolean random = k == 1 && options.secondPolicy() == SecondPolicy.RANDOM;
            for (int i = 0; i < N; i++) {
                int n = options.batchPrioritized() ? integer(order, i) : i;
                boolean queues = (padding == 0 || integer(padding, n) == 0)
                        && (!random || drawn(n, options.normalizeBeforeDropping()));
                put(slot, n * K + k, queues ? place(n, k) : NOT_SERVED);
            }
        }
        for (int e = 0; e < E; e++) {
            put(lengths, e, Math.min(S, integer(lengths, e)));
        }
    }

    private int place(int n, int k) {
        int e = integer(expert, n * K + k);
        int place = integer(lengths, e);
        put(lengths, e, place + 1);
        increment(queued, k * E + e);
        if (place < S) {
            return place;
        }
        increment(dropped, k * E + e);
        return NOT_SERVED;
    }

    private boolean drawn(int n, boolean normalized) {
        float first = probability(n, 0);
        float second = probability(n, 1);
        float share = normalized ? second / Math.max(first + second, CpuGate.FLOOR) : second;
        return 2 * share > Lanes.get(draws + (long) n * Float.BYTES);
    }

    private float probability(int n, int k) {
        return Lanes.get(probabilities + ((long) n * E + integer(expert, n * K + k)) * Float.BYTES);
    }

    /// A stable radix sort: positive floats are ordered as their bits, and equal ones keep their order.
    private void sortByProbability() {
        long bytes = (long) N * Integer.BYTES;
        long keys = order + bytes;
        long otherOrder = keys + bytes;
        long otherKeys = otherOrder + bytes;
        long from = order;
        for (int n = 0; n < N; n++) {
            put(from, n, n);
            put(keys, n, ~Float.floatToIntBits(probability(n, 0)));
        }
        for (int shift = 0; shift < Integer.SIZE; shift += DIGIT_BITS) {
            sortByDigit(from, keys, otherOrder, otherKeys, shift);
            long swapped = from;
            from = otherOrder;
            otherOrder = swapped;
            swapped = keys;
            keys = otherKeys;
            otherKeys = swapped;
        }
    }

    private void sortByDigit(long from, long keys, long toOrder, long toKeys, int shift) {
        Arrays.fill(digitStarts, 0);
        for (int i = 0; i < N; i++) {
            digitStarts[digit(integer(keys, i), shift)]++;
        }
        int start = 0;
        for (int digit = 0; digit < DIGITS; digit++) {
            int count = digitStarts[digit];
            digitStarts[digit] = start;
            start += count;
        }
        for (int i = 0; i < N; i++) {
            int key = integer(keys, i);
            int to = digitStarts[digit(key, shift)]++;
            put(toKeys, to, key);
            put(toOrder, to, integer(from, i));
        }
    }

    private static int digit(int key, int shift) {
        return (key >>> shift) & (DIGITS - 1);
    }

    private static int integer(long base, int i) {
        return Lanes.getInt(base + (long) i * Integer.BYTES);
    }

    private static void put(long base, int i, int value) {
        Lanes.setInt(base + (long) i * Integer.BYTES, value);
    }

    private static void increment(long base, int i) {
        put(base, i, integer(base, i) + 1);
    }
}
