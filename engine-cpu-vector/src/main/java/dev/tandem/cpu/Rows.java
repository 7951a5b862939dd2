package dev.tandem.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Small operations on contiguous floats, shared by the kernels that work row by row.
final class Rows {
    private Rows() {}

    /// Sum of the elements.
    static float sum(long x, int length) {
        FloatVector sum = FloatVector.zero(Lanes.F32);
        FloatVector other = sum;
        int i = 0;
        for (; i <= length - 2 * Lanes.LENGTH; i += 2 * Lanes.LENGTH) {
            sum = sum.add(Lanes.load(x + (long) i * Float.BYTES));
            other = other.add(Lanes.load(x + (long) i * Float.BYTES + Lanes.BYTES));
        }
        for (; i < length; i += Lanes.LENGTH) {
            sum = sum.add(Lanes.load(x + (long) i * Float.BYTES, Lanes.tail(i, length)));
        }
        return Lanes.sum(sum.add(other));
    }

    /// Sum of the squared distances from `center`.
    static float squares(long x, int length, float center) {
        FloatVector sum = FloatVector.zero(Lanes.F32);
        FloatVector other = sum;
        int i = 0;
        for (; i <= length - 2 * Lanes.LENGTH; i += 2 * Lanes.LENGTH) {
            FloatVector left = Lanes.load(x + (long) i * Float.BYTES).sub(center);
            FloatVector right =
                    Lanes.load(x + (long) i * Float.BYTES + Lanes.BYTES).sub(center);
            sum = left.fma(left, sum);
            other = right.fma(right, other);
        }
        for (; i < length; i += Lanes.LENGTH) {
            VectorMask<Float> tail = Lanes.tail(i, length);
            FloatVector distance = Lanes.load(x + (long) i * Float.BYTES, tail).sub(center, tail);
            sum = distance.fma(distance, sum);
        }
        return Lanes.sum(sum.add(other));
    }

    /// Sum of the products.
    static float dot(long a, long b, int length) {
        FloatVector sum = FloatVector.zero(Lanes.F32);
        FloatVector other = sum;
        int i = 0;
        for (; i <= length - 2 * Lanes.LENGTH; i += 2 * Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            sum = Lanes.load(a + at).fma(Lanes.load(b + at), sum);
            other = Lanes.load(a + at + Lanes.BYTES).fma(Lanes.load(b + at + Lanes.BYTES), other);
        }
        for (; i < length; i += Lanes.LENGTH) {
            VectorMask<Float> tail = Lanes.tail(i, length);
            long at = (long) i * Float.BYTES;
            sum = Lanes.load(a + at, tail).fma(Lanes.load(b + at, tail), sum);
        }
        return Lanes.sum(sum.add(other));
    }

    /// `y += x`.
    static void add(long y, long x, int length) {
        int i = 0;
        for (int bound = Lanes.F32.loopBound(length); i < bound; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            Lanes.store(Lanes.load(y + at).add(Lanes.load(x + at)), y + at);
        }
        if (i < length) {
            VectorMask<Float> tail = Lanes.tail(i, length);
            long at = (long) i * Float.BYTES;
            Lanes.store(Lanes.load(y + at, tail).add(Lanes.load(x + at, tail)), y + at, tail);
        }
    }

    /// `y = factor * x`.
    static void scale(long y, long x, float factor, int length) {
        int i = 0;
        for (int bound = Lanes.F32.loopBound(length); i < bound; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            Lanes.store(Lanes.load(x + at).mul(factor), y + at);
        }
        if (i < length) {
            VectorMask<Float> tail = Lanes.tail(i, length);
            long at = (long) i * Float.BYTES;
            Lanes.store(Lanes.load(x + at, tail).mul(factor), y + at, tail);
        }
    }

    /// `y = factor * x`; returns the sum of the products of x and `other`, as [#dot] does.
    static float scaleAndDot(long y, long x, float factor, long other, int length) {
        FloatVector factors = Lanes.broadcast(factor);
        FloatVector sum = FloatVector.zero(Lanes.F32);
        FloatVector otherSum = sum;
        int i = 0;
        for (; i <= length - 2 * Lanes.LENGTH; i += 2 * Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            FloatVector left = Lanes.load(x + at);
            FloatVector right = Lanes.load(x + at + Lanes.BYTES);
            sum = left.fma(Lanes.load(other + at), sum);
            otherSum = right.fma(Lanes.load(other + at + Lanes.BYTES), otherSum);
            Lanes.store(left.mul(factors), y + at);
            Lanes.store(right.mul(factors), y + at + Lanes.BYTES);
        }
        for (; i < length; i += Lanes.LENGTH) {
            VectorMask<Float> tail = Lanes.tail(i, length);
            long at = (long) i * Float.BYTES;
            FloatVector values = Lanes.load(x + at, tail);
            sum = values.fma(Lanes.load(other + at, tail), sum);
            Lanes.store(values.mul(factors), y + at, tail);
        }
        return Lanes.sum(sum.add(otherSum));
    }

    /// `y += factor * x`.
    static void addScaled(long y, long x, float factor, int length) {
        FloatVector factors = Lanes.broadcast(factor);
        int i = 0;
        for (int bound = Lanes.F32.loopBound(length); i < bound; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            Lanes.store(Lanes.load(x + at).fma(factors, Lanes.load(y + at)), y + at);
        }
        if (i < length) {
            VectorMask<Float> tail = Lanes.tail(i, length);
            long at = (long) i * Float.BYTES;
            Lanes.store(Lanes.load(x + at, tail).fma(factors, Lanes.load(y + at, tail)), y + at, tail);
        }
    }

    /// `y = factor * x + otherFactor * other`, the second product rounded only with the sum.
    static void scaledSum(long y, long x, float factor, long other, float otherFactor, int length) {
        FloatVector factors = Lanes.broadcast(factor);
        FloatVector otherFactors = Lanes.broadcast(otherFactor);
        int i = 0;
        for (int bound = Lanes.F32.loopBound(length); i < bound; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            FloatVector product = Lanes.load(x + at).mul(factors);
            Lanes.store(Lanes.load(other + at).fma(otherFactors, product), y + at);
        }
        if (i < length) {
            VectorMask<Float> tail = Lanes.tail(i, length);
            long at = (long) i * Float.BYTES;
            FloatVector product = Lanes.load(x + at, tail).mul(factors);
            Lanes.store(Lanes.load(other + at, tail).fma(otherFactors, product), y + at, tail);
        }
    }

    /// `y = x`; a row of some KiB in less time than a copy of memory by the JDK takes.
    static void copy(long y, long x, int length) {
        int i = 0;
        for (int bound = Lanes.F32.loopBound(length); i < bound; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            Lanes.store(Lanes.load(x + at), y + at);
        }
        if (i < length) {
            VectorMask<Float> tail = Lanes.tail(i, length);
            long at = (long) i * Float.BYTES;
            Lanes.store(Lanes.load(x + at, tail), y + at, tail);
        }
    }

    /// `y = x` and `z = x`.
    static void copyToBoth(long y, long z, long x, int length) {
        int i = 0;
        for (int bound = Lanes.F32.loopBound(length); i < bound; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            FloatVector values = Lanes.load(x + at);
            Lanes.store(values, y + at);
            Lanes.store(values, z + at);
        }
        if (i < length) {
            VectorMask<Float> tail = Lanes.tail(i, length);
            long at = (long) i * Float.BYTES;
            FloatVector values = Lanes.load(x + at, tail);
            Lanes.store(values, y + at, tail);
            Lanes.store(values, z + at, tail);
        }
    }

    /// Largest element; NaN if any is.
    static float max(long x, int length) {
        FloatVector max = Lanes.broadcast(Float.NEGATIVE_INFINITY);
        FloatVector other = max;
        int i = 0;
        // Two chains, as each waits for itself
        for (; i <= length - 2 * Lanes.LENGTH; i += 2 * Lanes.LENGTH) {
            max = max.max(Lanes.load(x + (long) i * Float.BYTES));
            other = other.max(Lanes.load(x + (long) i * Float.BYTES + Lanes.BYTES));
        }
        max = max.max(other);
        for (; i < length; i += Lanes.LENGTH) {
            VectorMask<Float> tail = Lanes.tail(i, length);
            max = max.max(max.blend(Lanes.load(x + (long) i * Float.BYTES, tail), tail));
        }
        return Lanes.max(max);
    }

    /// `y = e^(x - shift)`; returns the sum. `y` may be `x`.
    static float exponentials(long y, long x, float shift, int length) {
        FloatVector shifts = Lanes.broadcast(shift);
        FloatVector sum = FloatVector.zero(Lanes.F32);
        for (int i = 0; i < length; i += Lanes.LENGTH) { // no loop of its own for the tail: see VectorMath
            VectorMask<Float> mask = Lanes.tail(i, length);
            long at = (long) i * Float.BYTES;
            FloatVector power = VectorMath.exp(Lanes.load(x + at, mask).sub(shifts));
            Lanes.store(power, y + at, mask);
            sum = sum.add(power, mask);
        }
        return Lanes.sum(sum);
    }

    /// Sum of `e^(x - shift)`.
    static float sumOfExponentials(long x, float shift, int length) {
        FloatVector shifts = Lanes.broadcast(shift);
        FloatVector sum = FloatVector.zero(Lanes.F32);
        for (int i = 0; i < length; i += Lanes.LENGTH) {
            VectorMask<Float> mask = Lanes.tail(i, length);
            FloatVector power =
                    VectorMath.exp(Lanes.load(x + (long) i * Float.BYTES, mask).sub(shifts));
            sum = sum.add(power, mask);
        }
        return Lanes.sum(sum);
    }

    /// `y = scale * e^(x - shift)`.
    static void scaledExponentials(long y, long x, float shift, float scale, int length) {
        FloatVector shifts = Lanes.broadcast(shift);
        FloatVector scales = Lanes.broadcast(scale);
        for (int i = 0; i < length; i += Lanes.LENGTH) {
            VectorMask<Float> mask = Lanes.tail(i, length);
            long at = (long) i * Float.BYTES;
            FloatVector power = VectorMath.exp(Lanes.load(x + at, mask).sub(shifts));
            Lanes.store(power.mul(scales), y + at, mask);
        }
    }

    /// `y = a + b`.
    static void sum(long y, long a, long b, int length) {
        int i = 0;
        for (int bound = Lanes.F32.loopBound(length); i < bound; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            Lanes.store(Lanes.load(a + at).add(Lanes.load(b + at)), y + at);
        }
        if (i < length) {
            VectorMask<Float> tail = Lanes.tail(i, length);
            long at = (long) i * Float.BYTES;
            Lanes.store(Lanes.load(a + at, tail).add(Lanes.load(b + at, tail)), y + at, tail);
        }
    }

    /// Sum of `p * (x - shift)` over the elements with p not 0, whatever x is elsewhere.
    static float weightedDistance(long p, long x, float shift, int length) {
        FloatVector sum = FloatVector.zero(Lanes.F32);
        int i = 0;
        for (int bound = Lanes.F32.loopBound(length); i < bound; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            FloatVector weight = Lanes.load(p + at);
            VectorMask<Float> counts = weight.compare(VectorOperators.NE, 0);
            sum = sum.add(weight.mul(Lanes.load(x + at).sub(shift)), counts);
        }
        if (i < length) {
            VectorMask<Float> tail = Lanes.tail(i, length);
            long at = (long) i * Float.BYTES;
            FloatVector weight = Lanes.load(p + at, tail);
            VectorMask<Float> counts = weight.compare(VectorOperators.NE, 0);
            sum = sum.add(weight.mul(Lanes.load(x + at, tail).sub(shift)), counts);
        }
        return Lanes.sum(sum);
    }

    /// The first element that equals `value`, which is one of them.
    static int indexOf(long x, float value, int length) {
        int i = 0;
        for (int bound = Lanes.F32.loopBound(length); i < bound; i += Lanes.LENGTH) {
            VectorMask<Float> equal = Lanes.load(x + (long) i * Float.BYTES).compare(VectorOperators.EQ, value);
            if (equal.anyTrue()) {
                return i + equal.firstTrue();
            }
        }
        VectorMask<Float> tail = Lanes.tail(i, length);
        return i
                + Lanes.load(x + (long) i * Float.BYTES, tail)
                        .compare(VectorOperators.EQ, value, tail)
                        .firstTrue();
    }
}
