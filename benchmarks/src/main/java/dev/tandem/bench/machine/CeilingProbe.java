package dev.tandem.bench.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.DoubleAdder;

/// Measures the ceilings of this machine, all of them in some 0.4 s.
///
/// Memory is probed over as many bytes as the work it is compared with touches, so that a kernel
/// that lives in a cache is measured against that cache. Not safe for use by several threads at
/// once.
public final class CeilingProbe implements AutoCloseable {
    /// More would only prove what memory does again.
    public static final long MOST_BYTES = 256L << 20;

    private static final String CPU_BACKENDS = "cpu";
    private static final long FEWEST_BYTES = 64L << 10;
    private static final long GRAIN = 4096L * StreamLoops.STREAMS;

    // Threads move memory piece by piece, so that all work for the same time: one that comes to an end later would
    // have the memory to itself until then.
    private static final long PIECE = 512L << 10;
    private static final int ROUNDS = 5;
    private static final long ROUND_NANOS = 3_000_000;
    // After a rest, a virtual machine's memory may give a quarter more for some 15 ms. Most rounds come
    // later, as does most of what is compared with them.
    private static final long MEMORY_ROUND_NANOS = 10_000_000;
    private static final int TURNS = 2000;
    private static final int WARM_UP_CALLS = 2000;

    private final int threads;
    private final DoubleAdder sink = new DoubleAdder();
    private Arena arena = Arena.ofShared();
    private MemorySegment memory = MemorySegment.NULL;

    /// One piece of a thread's work.
    private interface Work {
        void run(int thread);
    }

    /// Moves `length` bytes from `first`; of two regions, the second lies `extent` behind the first.
    private interface Loop {
        void run(long first, long length, long extent);
    }

    /// Whether what bounds a backend of that name are this processor's ceilings; other devices have others.
    public static boolean measures(String backend) {
        return backend.startsWith(CPU_BACKENDS);
    }

    /// @param threads that compute together; no more than there are processors get more done
    public CeilingProbe(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1, was " + threads);
        }
        this.threads = Math.min(threads, Runtime.getRuntime().availableProcessors());
        reserve(GRAIN * this.threads);
        for (int i = 0; i < WARM_UP_CALLS; i++) {
            sink.add(FmaLoop.run(TURNS / 10));
            sink.add(StreamLoops.read(memory, 0, GRAIN / 2));
            sink.add(StreamLoops.readInOrder(memory, 0, GRAIN / 2));
            StreamLoops.copy(memory, 0, GRAIN / 2, GRAIN / 2);
            StreamLoops.copyByVectors(memory, 0, GRAIN / 2, GRAIN / 2);
            StreamLoops.write(memory, 0, GRAIN / 2);
            StreamLoops.writeByVectors(memory, 0, GRAIN / 2);
            StreamLoops.update(memory, 0, GRAIN / 2);
        }
        sink.add(handover());
    }

    /// All of them, memory over that many bytes.
    public Ceilings measure(double bytes) {
        return new Ceilings(
                flops(), readBytes(bytes), copyBytes(bytes), writeBytes(bytes), updateBytes(bytes), handover());
    }

    private double handover() {
        return threads == 1 ? 0 : Handover.seconds();
    }

    /// FLOP/s of multiply-adds, in the best of several rounds.
    public double flops() {
        return FmaLoop.flops(TURNS) * callsPerSecond(ROUND_NANOS, _ -> sink.add(FmaLoop.run(TURNS)))[ROUNDS - 1];
    }

    /// Bytes per second read out of that many: several streams or one, whichever is faster.
    public double readBytes(double bytes) {
        double streams = stream(bytes, 1, (first, length, _) -> sink.add(StreamLoops.read(memory, first, length)));
        double inOrder =
                stream(bytes, 1, (first, length, _) -> sink.add(StreamLoops.readInOrder(memory, first, length)));
        return Math.max(streams, inOrder);
    }

    /// Bytes per second copied within that many, read and written bytes together: past the caches or
    /// through them, whichever is faster.
    public double copyBytes(double bytes) {
        double past =
                stream(bytes, 2, (first, length, extent) -> StreamLoops.copy(memory, first, first + extent, length));
        double through = stream(
                bytes, 2, (first, length, extent) -> StreamLoops.copyByVectors(memory, first, first + extent, length));
        return 2 * Math.max(past, through);
    }

    /// Bytes per second written within that many: past the caches or through them, whichever is faster.
    public double writeBytes(double bytes) {
        double past = stream(bytes, 1, (first, length, _) -> StreamLoops.write(memory, first, length));
        double through = stream(bytes, 1, (first, length, _) -> StreamLoops.writeByVectors(memory, first, length));
        return Math.max(past, through);
    }

    /// Bytes per second updated in place within that many, read and written bytes together.
    public double updateBytes(double bytes) {
        return 2 * stream(bytes, 1, (first, length, _) -> StreamLoops.update(memory, first, length));
    }

    /// Bytes per second of a loop that goes through one or two regions of each thread, in the median round.
    private double stream(double bytes, int regions, Loop loop) {
        long extent = extent(bytes / regions);
        long piece = Math.min(extent, PIECE);
        reserve(extent * regions * threads);
        var next = new long[threads];
        int repeats = (int) (PIECE / piece); // or reading the clock would count
        double[] rounds = callsPerSecond(MEMORY_ROUND_NANOS, thread -> {
            for (int i = 0; i < repeats; i++) {
                loop.run(thread * extent * regions + next[thread], piece, extent);
                next[thread] = (next[thread] + piece) % extent;
            }
        });
        return piece * repeats * rounds[ROUNDS / 2];
    }

    /// Of a region of one thread, in whole pieces.
    private long extent(double bytes) {
        double wanted = Math.clamp(bytes, FEWEST_BYTES, MOST_BYTES) / threads;
        long unit = wanted > PIECE ? PIECE : GRAIN;
        return Math.max(1, Math.round(wanted / unit)) * unit;
    }

    private void reserve(long bytes) {
        if (memory.byteSize() >= bytes) {
            return;
        }
        arena.close();
        arena = Arena.ofShared();
        memory = arena.allocate(bytes, 4096);
        memory.fill((byte) 1); // pages never written would all be the same one, in cache
    }

    /// Calls per second of all threads together in several rounds, in ascending order.
    private double[] callsPerSecond(long nanos, Work work) {
        var rounds = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            rounds[round] = round(nanos, work);
        }
        Arrays.sort(rounds);
        return rounds;
    }

    private double round(long nanos, Work work) {
        var rates = new double[threads];
        var barrier = new CyclicBarrier(threads);
        var helpers = new Thread[threads];
        for (int thread = 1; thread < threads; thread++) {
            int number = thread;
            helpers[thread] =
                    Thread.ofPlatform().daemon().start(() -> rates[number] = rate(nanos, work, number, barrier));
        }
        rates[0] = rate(nanos, work, 0, barrier);
        double sum = rates[0];
        for (int thread = 1; thread < threads; thread++) {
            try {
                helpers[thread].join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while measuring the machine's ceilings", e);
            }
            sum += rates[thread];
        }
        return sum;
    }

    private static double rate(long nanos, Work work, int thread, CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new IllegalStateException("interrupted while measuring the machine's ceilings", e);
        }
        long begin = System.nanoTime();
        long now = begin;
        int calls = 0;
        while (now - begin < nanos) {
            work.run(thread);
            calls++;
            now = System.nanoTime();
        }
        return calls / ((now - begin) * 1e-9);
    }

    @Override
    public void close() {
        arena.close();
    }
}
