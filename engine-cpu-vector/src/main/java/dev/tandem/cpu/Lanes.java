package dev.tandem.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// The vector species of this JVM, and memory by raw address.
///
/// `MEMORY` covers the whole address space, so an address is its own offset. Nothing is checked
/// behind it: operands are validated where they enter the backend.
///
/// Only operations that give the same bits interpreted and compiled may be used in kernels:
/// `fma`, arithmetic, `SQRT`, min and max do; `reduceLanes(ADD)` and the transcendental
/// operators (`EXP`, `TANH`...) do not.
final class Lanes {
    static final VectorSpecies<Float> F32 = floats(Settings.read().vectorBits());
    static final VectorSpecies<Integer> I32 = F32.withLanes(int.class);
    /// Lanes per vector.
    static final int LENGTH = F32.length();
    /// Bytes per vector.
    static final int BYTES = F32.vectorByteSize();

    static final ByteOrder ORDER = ByteOrder.nativeOrder();
    static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    /// Every bit that an address of a process can have. Each access keeps to them, so that C2 sees it lie far below the
    /// end of [#MEMORY] and checks no bounds: where it has to, a loop may or may not come out slow.
    static final long ADDRESS_BITS = (1L << 56) - 1;

    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    /// The class of the vectors of [#F32]. What is stored here or by a tile is cast to it before: of one that a
    /// loop has carried C2 knows no more than that it is some FloatVector. It then guesses by what the process has
    /// stored before, whoever stored it, and after some guesses boxes the vector in every turn of the loop.
    static final Class<? extends FloatVector> VECTOR = FloatVector.zero(F32).getClass();

    private static final VectorShuffle<Float> ACROSS_8 = exchange(8);
    private static final VectorShuffle<Float> ACROSS_4 = exchange(4);
    private static final VectorShuffle<Float> ACROSS_2 = exchange(2);
    private static final VectorShuffle<Float> ACROSS_1 = exchange(1);

    private Lanes() {}

    private static VectorSpecies<Float> floats(int bits) {
        return switch (bits) {
            case 128 -> FloatVector.SPECIES_128;
            case 256 -> FloatVector.SPECIES_256;
            default -> FloatVector.SPECIES_512;
        };
    }

    private static VectorShuffle<Float> exchange(int distance) {
        return VectorShuffle.fromOp(F32, lane -> lane ^ (distance % LENGTH));
    }

    static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(F32, MEMORY, address & ADDRESS_BITS, ORDER);
    }

    /// Lanes outside `mask` are zero and their memory is not touched.
    static FloatVector load(long address, VectorMask<Float> mask) {
        return FloatVector.fromMemorySegment(F32, MEMORY, address & ADDRESS_BITS, ORDER, mask);
    }

    static void store(FloatVector vector, long address) {
        VECTOR.cast(vector).intoMemorySegment(MEMORY, address & ADDRESS_BITS, ORDER);
    }

    static void store(FloatVector vector, long address, VectorMask<Float> mask) {
        VECTOR.cast(vector).intoMemorySegment(MEMORY, address & ADDRESS_BITS, ORDER, mask);
    }

    static IntVector loadInts(long address) {
        return IntVector.fromMemorySegment(I32, MEMORY, address & ADDRESS_BITS, ORDER);
    }

    static void store(IntVector vector, long address) {
        vector.intoMemorySegment(MEMORY, address & ADDRESS_BITS, ORDER);
    }

    /// The lanes `i` with `first + i < limit`. From bits: `indexInRange` nests its calls so deep that the
    /// compiler gives up and boxes the mask. Where lanes were compared with a vector, some processes made an
    /// object of that.
    static VectorMask<Float> tail(int first, int limit) {
        return VectorMask.fromLong(F32, (1L << Math.clamp(limit - first, 0, LENGTH)) - 1);
    }

    static FloatVector broadcast(float value) {
        return FloatVector.broadcast(F32, value);
    }

    static float get(long address) {
        return MEMORY.get(FLOAT, address & ADDRESS_BITS);
    }

    static void set(long address, float value) {
        MEMORY.set(FLOAT, address & ADDRESS_BITS, value);
    }

    static int getInt(long address) {
        return MEMORY.get(INT, address & ADDRESS_BITS);
    }

    static void setInt(long address, int value) {
        MEMORY.set(INT, address & ADDRESS_BITS, value);
    }

    static short getShort(long address) {
        return MEMORY.get(SHORT, address & ADDRESS_BITS);
    }

    static void setShort(long address, short value) {
        MEMORY.set(SHORT, address & ADDRESS_BITS, value);
    }

    static byte getByte(long address) {
        return MEMORY.get(ValueLayout.JAVA_BYTE, address & ADDRESS_BITS);
    }

    static void setByte(long address, byte value) {
        MEMORY.set(ValueLayout.JAVA_BYTE, address & ADDRESS_BITS, value);
    }

    static long getLong(long address) {
        return MEMORY.get(LONG, address & ADDRESS_BITS);
    }

    static void setLong(long address, long value) {
        MEMORY.set(LONG, address & ADDRESS_BITS, value);
    }

    /// Fills some memory by a loop: a segment is an object until the compiler takes it away, which who fills once a
    /// step
    /// waits long for.
    static void fill(long address, long bytes, byte value) {
        long end = address + bytes;
        long eight = (value & 0xffL) * 0x0101010101010101L;
        long at = address;
        for (; at <= end - Long.BYTES; at += Long.BYTES) {
            setLong(at, eight);
        }
        for (; at < end; at++) {
            setByte(at, value);
        }
    }

    /// Clears much memory, as fast as the JDK can.
    static void clear(long address, long bytes) {
        MEMORY.asSlice(address, bytes).fill((byte) 0);
    }

    // All copies go by layout. Without one, segments of a few bytes are copied by a loop of the JDK. In one test run on
    // JDK 25.0.3 small results had only their first eight bytes, as if that loop had been compiled wrongly.

    static void copy(long from, long to, long bytes) {
        MemorySegment.copy(MEMORY, ValueLayout.JAVA_BYTE, from, MEMORY, ValueLayout.JAVA_BYTE, to, bytes);
    }

    /// Copies all of a segment to an address.
    static void copy(MemorySegment from, long to) {
        MemorySegment.copy(from, ValueLayout.JAVA_BYTE, 0, MEMORY, ValueLayout.JAVA_BYTE, to, from.byteSize());
    }

    /// Fills a segment from an address.
    static void copy(long from, MemorySegment to) {
        MemorySegment.copy(MEMORY, ValueLayout.JAVA_BYTE, from, to, ValueLayout.JAVA_BYTE, 0, to.byteSize());
    }

    /// Sum of the lanes, halves folded onto each other: the same order on every machine.
    static float sum(FloatVector vector) {
        FloatVector folded = vector;
        if (LENGTH >= 16) {
            folded = folded.add(folded.rearrange(ACROSS_8));
        }
        if (LENGTH >= 8) {
            folded = folded.add(folded.rearrange(ACROSS_4));
        }
        folded = folded.add(folded.rearrange(ACROSS_2));
        return folded.add(folded.rearrange(ACROSS_1)).lane(0);
    }

    /// Largest lane; NaN if any lane is.
    static float max(FloatVector vector) {
        return vector.reduceLanes(VectorOperators.MAX);
    }
}
