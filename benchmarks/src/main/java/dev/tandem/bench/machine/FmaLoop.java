package dev.tandem.bench.machine;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Multiply-adds that wait for nothing: the arithmetic ceiling of one thread.
final class FmaLoop {
    private static final VectorSpecies<Float> F32 = FloatVector.SPECIES_PREFERRED;
    private static final int ACCUMULATORS = 12; // two ports times a latency of four or five, and to spare

    private FmaLoop() {}

    /// FLOPs of `run(turns)`.
    static double flops(int turns) {
        return 2.0 * turns * ACCUMULATORS * F32.length();
    }

    /// @return a value that depends on every operation, so that none is left out
    static float run(int turns) {
        var a = FloatVector.broadcast(F32, 0.75f);
        var b = FloatVector.broadcast(F32, 0.25f);
        var c0 = FloatVector.broadcast(F32, 1);
        var c1 = c0.add(1);
        var c2 = c0.add(2);
        var c3 = c0.add(3);
        var c4 = c0.add(4);
        var c5 = c0.add(5);
        var c6 = c0.add(6);
        var c7 = c0.add(7);
        var c8 = c0.add(8);
        var c9 = c0.add(9);
        var c10 = c0.add(10);
        var c11 = c0.add(11);
        for (int i = 0; i < turns; i++) {
            // In place: c·a + b would take another instruction for each, to copy b. The sums stop growing where what is
            // added is lost.
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
            c10 = a.fma(b, c10);
            c11 = a.fma(b, c11);
        }
        var sum = c0.add(c1).add(c2).add(c3);
        sum = sum.add(c4).add(c5).add(c6).add(c7);
        sum = sum.add(c8).add(c9).add(c10).add(c11);
        return sum.reduceLanes(VectorOperators.ADD);
    }
}
