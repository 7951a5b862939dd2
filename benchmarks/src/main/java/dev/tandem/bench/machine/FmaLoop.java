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
            // c ← c·a + b tends to 1, far from denormals and infinities
            c0 = c0.fma(a, b);
            c1 = c1.fma(a, b);
            c2 = c2.fma(a, b);
            c3 = c3.fma(a, b);
            c4 = c4.fma(a, b);
            c5 = c5.fma(a, b);
            c6 = c6.fma(a, b);
            c7 = c7.fma(a, b);
            c8 = c8.fma(a, b);
            c9 = c9.fma(a, b);
            c10 = c10.fma(a, b);
            c11 = c11.fma(a, b);
        }
        var sum = c0.add(c1).add(c2).add(c3);
        sum = sum.add(c4).add(c5).add(c6).add(c7);
        sum = sum.add(c8).add(c9).add(c10).add(c11);
        return sum.reduceLanes(VectorOperators.ADD);
    }
}
