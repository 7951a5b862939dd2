package dev.tandem.cpu;

import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Runs of [dev.tandem.engine.Philox#word]: one generator call yields four of them, and a vector makes as
/// many calls as it has lanes of 64 bits.
///
/// A lane holds a word of the generator in its lower half. What the upper half holds is cleared before a
/// product, and so that C2 sees it: it then multiplies in one instruction.
final class PhiloxWords {
    /// Words of one generator call.
    private static final int PER_CALL = 4;

    private static final VectorSpecies<Long> I64 = VectorSpecies.of(long.class, Lanes.F32.vectorShape());
    private static final int CALLS = I64.length();
    private static final long WORD = 0xFFFF_FFFFL;
    private static final int ROUNDS = 10;

    private static final LongVector LANE = LongVector.zero(I64).addIndex(1);
    private static final LongVector MULTIPLIER_0 = LongVector.broadcast(I64, 0xD2511F53L);
    private static final LongVector MULTIPLIER_1 = LongVector.broadcast(I64, 0xCD9E8D57L);
    private static final LongVector WEYL_0 = LongVector.broadcast(I64, 0x9E3779B9L);
    private static final LongVector WEYL_1 = LongVector.broadcast(I64, 0xBB67AE85L);
    // Pairs of words of the first and of the second half of the calls, from both halves of each call
    private static final LongVector FIRST_HALF = pairs(0);
    private static final LongVector SECOND_HALF = pairs(CALLS / 2);

    private PhiloxWords() {}

    private static LongVector pairs(int first) {
        long[] from = new long[CALLS];
        for (int lane = 0; lane < CALLS; lane++) {
            from[lane] = first + lane / 2 + (long) (lane % 2) * CALLS;
        }
        return LongVector.fromArray(I64, from, 0);
    }

    /// Bytes that [#rows] may touch for a row of `count` words; a row may begin after this many.
    static long rowBytes(int count) {
        return Workspace.aligned((count + (long) PER_CALL * (CALLS + 1)) * Integer.BYTES);
    }

    /// Writes the words `first ... first + count - 1`, and returns the address of the first.
    ///
    /// @param buffer address of [#rowBytes]
    static long write(long buffer, long seed, long stream, long first, int count) {
        rows(buffer, seed, stream, first, 0, 1, count);
        return row(buffer, first, 0, 0, count);
    }

    /// Where [#rows] has put the first word of a row.
    static long row(long buffer, long first, long step, int row, int count) {
        long skipped = (first + row * step) & (PER_CALL - 1);
        return buffer + row * rowBytes(count) + skipped * Integer.BYTES;
    }

    /// Writes rows of `count` words each; row r begins with word `first + r * step`.
    static void rows(long buffer, long seed, long stream, long first, long step, int rows, int count) {
        LongVector multiplier0 = MULTIPLIER_0.and(WORD);
        LongVector multiplier1 = MULTIPLIER_1.and(WORD);
        for (int row = 0; row < rows; row++) {
            long index = first + row * step;
            long out = buffer + row * rowBytes(count);
            int calls = ((int) (index & (PER_CALL - 1)) + count + PER_CALL - 1) / PER_CALL;
            for (int call = 0; call < calls; call += CALLS) {
                LongVector c0 = LANE.add((index >>> 2) + call);
                LongVector c1 = c0.lanewise(VectorOperators.LSHR, Integer.SIZE);
                LongVector c2 = LongVector.broadcast(I64, stream);
                LongVector c3 = LongVector.broadcast(I64, stream >>> Integer.SIZE);
                LongVector key0 = LongVector.broadcast(I64, seed);
                LongVector key1 = LongVector.broadcast(I64, seed >>> Integer.SIZE);
                for (int round = 0; round < ROUNDS; round++) {
                    LongVector product0 = c0.and(WORD).mul(multiplier0);
                    LongVector product1 = c2.and(WORD).mul(multiplier1);
                    c0 = high(product1).lanewise(VectorOperators.XOR, c1).lanewise(VectorOperators.XOR, key0);
                    c1 = product1;
                    c2 = high(product0).lanewise(VectorOperators.XOR, c3).lanewise(VectorOperators.XOR, key1);
                    c3 = product0;
                    key0 = key0.add(WEYL_0);
                    key1 = key1.add(WEYL_1);
                }
                LongVector words01 = c0.and(WORD).or(c1.lanewise(VectorOperators.LSHL, Integer.SIZE));
                LongVector words23 = c2.and(WORD).or(c3.lanewise(VectorOperators.LSHL, Integer.SIZE));
                long at = out + (long) call * PER_CALL * Integer.BYTES;
                store(FIRST_HALF.selectFrom(words01, words23), at);
                store(SECOND_HALF.selectFrom(words01, words23), at + Lanes.BYTES);
            }
        }
    }

    private static LongVector high(LongVector product) {
        return product.lanewise(VectorOperators.LSHR, Integer.SIZE);
    }

    private static void store(LongVector vector, long address) {
        vector.intoMemorySegment(Lanes.MEMORY, address, Lanes.ORDER);
    }
}
