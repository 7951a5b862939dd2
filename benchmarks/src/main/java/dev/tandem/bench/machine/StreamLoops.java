package dev.tandem.bench.machine;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Loops that do nothing but move memory: the bandwidth ceilings of one thread.
final class StreamLoops {
    /// Regions of a block that are read side by side. On some processors one alone does not keep the prefetchers busy,
    /// on others several are slower.
    static final int STREAMS = 4;

    private static final VectorSpecies<Float> F32 = FloatVector.SPECIES_PREFERRED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long STEP = F32.vectorByteSize();

    private StreamLoops() {}

    /// Reads `length` bytes from `first`, a multiple of `STREAMS` cache lines.
    ///
    /// @return a value that depends on every byte
    static float read(MemorySegment memory, long first, long length) {
        long stream = length / STREAMS;
        var sum0 = FloatVector.zero(F32);
        var sum1 = FloatVector.zero(F32);
        var sum2 = FloatVector.zero(F32);
        var sum3 = FloatVector.zero(F32);
        for (long i = first; i < first + stream; i += STEP) {
            sum0 = sum0.add(FloatVector.fromMemorySegment(F32, memory, i, ORDER));
            sum1 = sum1.add(FloatVector.fromMemorySegment(F32, memory, i + stream, ORDER));
            sum2 = sum2.add(FloatVector.fromMemorySegment(F32, memory, i + 2 * stream, ORDER));
            sum3 = sum3.add(FloatVector.fromMemorySegment(F32, memory, i + 3 * stream, ORDER));
        }
        return sum0.add(sum1).add(sum2.add(sum3)).reduceLanes(VectorOperators.ADD);
    }

    /// Reads the same one after the other.
    ///
    /// @return a value that depends on every byte
    static float readInOrder(MemorySegment memory, long first, long length) {
        var even = FloatVector.zero(F32);
        var odd = FloatVector.zero(F32);
        for (long i = first; i < first + length; i += 2 * STEP) {
            even = even.add(FloatVector.fromMemorySegment(F32, memory, i, ORDER));
            odd = odd.add(FloatVector.fromMemorySegment(F32, memory, i + STEP, ORDER));
        }
        return even.add(odd).reduceLanes(VectorOperators.ADD);
    }

    /// Copies `length` bytes, from `source` to `target`, as the JDK does: past the caches where there
    /// are many, which no loop in Java can.
    static void copy(MemorySegment memory, long target, long source, long length) {
        MemorySegment.copy(memory, source, memory, target, length);
    }

    /// Copies `length` bytes, from `source` to `target`, through the caches.
    static void copyByVectors(MemorySegment memory, long target, long source, long length) {
        for (long i = 0; i < length; i += STEP) {
            FloatVector.fromMemorySegment(F32, memory, source + i, ORDER).intoMemorySegment(memory, target + i, ORDER);
        }
    }

    /// Writes `length` bytes from `first`, as the JDK does.
    static void write(MemorySegment memory, long first, long length) {
        memory.asSlice(first, length).fill((byte) 1);
    }

    /// Writes `length` bytes from `first`, through the caches.
    static void writeByVectors(MemorySegment memory, long first, long length) {
        var value = FloatVector.broadcast(F32, 1);
        for (long i = first; i < first + length; i += STEP) {
            value.intoMemorySegment(memory, i, ORDER);
        }
    }

    /// Reads and writes `length` bytes from `first` in place.
    static void update(MemorySegment memory, long first, long length) {
        for (long i = first; i < first + length; i += STEP) {
            FloatVector.fromMemorySegment(F32, memory, i, ORDER).neg().intoMemorySegment(memory, i, ORDER);
        }
    }
}
