package dev.tandem.bench.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.DoubleAdder;

/// Measures the ceilings of this machine, in a few milliseconds each.
///
/// Memory is probed over as many bytes as the work it is compared with touches, so that a kernel
/// that lives in a cache is measured against that cache. Not safe for use by several threads at
/// once.
public final class CeilingProbe implements AutoCloseable {
    /// More would only prove what memory does again.
    public static final long MOST_BYTES = 256L << 20;

    private static final long FEWEST_BYTES = 64L << 10;
    private static final long GRAIN = 4096L * StreamLoops.STREAMS;
    private static final int ROUNDS = 5;
    private static final long ROUND_NANOS = 3_000_000;
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

    /// @param threads that compute together
    public CeilingProbe(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1, was " + threads);
        }
        this.threads = threads;
        reserve(GRAIN * threads);
        for (int i = 0; i < WARM_UP_CALLS; i++) {
            sink.add(FmaLoop.run(TURNS / 10));
            sink.add(StreamLoops.read(memory, 0, GRAIN / 2));
            StreamLoops.copy(memory, 0, GRAIN / 2, GRAIN / 2);
            StreamLoops.update(memory, 0, GRAIN / 2);
        }
    }

    /// All of them, memory over that many bytes.
    public Ceilings measure(double bytes) {
        return new Ceilings(flops(), readBytes(bytes), copyBytes(bytes), updateBytes(bytes));
    }

    /// FLOP/s of multiply-adds.
    public double flops() {
        return threads * FmaLoop.flops(TURNS) * callsPerSecond(_ -> sink.add(FmaLoop.run(TURNS)));
    }

    /// Bytes per second read out of that many.
    public double readBytes(double bytes) {
        long share = share(bytes);
        reserve(share * threads);
        return threads * share * callsPerSecond(thread -> sink.add(StreamLoops.read(memory, thread * share, share)));
    }

    /// Bytes per second copied within that many, read and written bytes together.
    public double copyBytes(double bytes) {
        long share = share(bytes);
        long half = share / 2;
        reserve(share * threads);
        return threads
                * share
                * callsPerSecond(thread -> StreamLoops.copy(memory, thread * share, thread * share + half, half));
    }

    /// Bytes per second updated in place within that many, read and written bytes together.
    public double updateBytes(double bytes) {
        long share = share(bytes);
        reserve(share * threads);
        return 2.0 * threads * share * callsPerSecond(thread -> StreamLoops.update(memory, thread * share, share));
    }

    private long share(double bytes) {
        double wanted = Math.clamp(bytes, FEWEST_BYTES, MOST_BYTES) / threads;
        return Math.max(1, Math.round(wanted / GRAIN)) * GRAIN;
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

    /// Calls per second of each thread in the best of several rounds.
    private double callsPerSecond(Work work) {
        double best = 0;
        for (int round = 0; round < ROUNDS; round++) {
            best = Math.max(best, round(work));
        }
        return best;
    }

    private double round(Work work) {
        var rates = new double[threads];
        var barrier = new CyclicBarrier(threads);
        var helpers = new Thread[threads];
        for (int thread = 1; thread < threads; thread++) {
            int number = thread;
            helpers[thread] = Thread.ofPlatform().daemon().start(() -> rates[number] = rate(work, number, barrier));
        }
        rates[0] = rate(work, 0, barrier);
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
        return sum / threads;
    }

    private static double rate(Work work, int thread, CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new IllegalStateException("interrupted while measuring the machine's ceilings", e);
        }
        long begin = System.nanoTime();
        long now = begin;
        int calls = 0;
        while (now - begin < ROUND_NANOS) {
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
