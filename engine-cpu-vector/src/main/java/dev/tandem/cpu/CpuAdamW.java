package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.AdamW;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// One pass over parameter, gradient and moments; bound by memory, 28 bytes per element.
///
/// Packed weights are updated as they lie: their padding is zero and stays zero. Moments below the
/// smallest normal number become 0: without a gradient, rounding would keep them subnormal for good,
/// and a pass over such moments takes 17 times as long, see [VectorMath].
final class CpuAdamW implements AdamW {
    private static final FloatVector SMALLEST = Lanes.broadcast(Float.MIN_NORMAL);
    private static final FloatVector ZERO = Lanes.broadcast(0);

    private final Workers workers;
    private final Workers.Task task = this::block;

    private long elements;
    private long parameter;
    private long m;
    private long v;
    private long gradient;
    private float scale;
    private float beta1;
    private float beta2;
    private float rest1;
    private float rest2;
    private float epsilon;
    private float rootScale;
    private float rate;
    private float decay;

    CpuAdamW(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void update(
            Tensor parameter,
            Optional<Tensor> working,
            Tensor m,
            Tensor v,
            Tensor gradient,
            Tensor norm,
            Moments moments,
            float learningRate,
            float weightDecay,
            float gradientScale,
            long step) {
        this.elements = CpuStorage.spread(parameter);
        this.parameter = CpuStorage.address(parameter);
        this.m = CpuStorage.address(m);
        this.v = CpuStorage.address(v);
        this.gradient = CpuStorage.address(gradient);
        this.scale = gradientScale * Lanes.get(CpuStorage.address(norm) + Float.BYTES);
        coefficients(moments, learningRate, weightDecay, step);
        workers.run(Blocks.count(elements), task);
    }

    @Override
    public void round(Tensor working, Tensor parameter) {
        throw new IllegalStateException("this backend allocates no BF16 tensor that could be a working copy");
    }

    /// Both forms as `parameter * decay - rate * m / (sqrt(v) * rootScale + epsilon)`.
    private void coefficients(Moments moments, float learningRate, float weightDecay, long step) {
        beta1 = (float) moments.beta1();
        beta2 = (float) moments.beta2();
        rest1 = (float) (1 - moments.beta1());
        rest2 = (float) (1 - moments.beta2());
        epsilon = (float) moments.epsilon();
        decay = (float) (1 - (double) learningRate * weightDecay);
        double correction1 = 1 - power(moments.beta1(), step);
        double correction2 = Math.sqrt(1 - power(moments.beta2(), step));
        if (moments.corrected()) {
            rootScale = (float) (1 / correction2);
            rate = (float) (learningRate / correction1);
        } else {
            rootScale = 1;
            rate = (float) (learningRate * correction2 / correction1);
        }
    }

    /// `base` to the power `exponent`; `StrictMath.pow` would allocate.
    private static double power(double base, long exponent) {
        return StrictMath.exp(exponent * StrictMath.log(base));
    }

    private void block(int block, int worker) {
        long offset = Blocks.offset(block);
        int length = Blocks.length(block, elements);
        int bound = Lanes.F32.loopBound(length);
        whole(offset, bound);
        if (bound < length) {
            rest(offset + (long) bound * Float.BYTES, length - bound);
        }
    }

    /// Whole vectors.
    private void whole(long offset, int length) {
        for (int i = 0; i < length; i += Lanes.LENGTH) {
            long at = offset + (long) i * Float.BYTES;
            FloatVector g = Lanes.load(gradient + at).mul(scale);
            FloatVector first = Lanes.load(m + at).mul(beta1).add(g.mul(rest1));
            FloatVector second = Lanes.load(v + at).mul(beta2).add(g.mul(g).mul(rest2));
            FloatVector step = first.mul(rate).div(second.sqrt().mul(rootScale).add(epsilon));
            Lanes.store(normal(first), m + at);
            Lanes.store(normal(second), v + at);
            Lanes.store(Lanes.load(parameter + at).mul(decay).sub(step), parameter + at);
        }
    }

    /// Less than a vector.
    private void rest(long at, int length) {
        VectorMask<Float> lanes = Lanes.tail(0, length);
        FloatVector g = Lanes.load(gradient + at, lanes).mul(scale);
        FloatVector first = Lanes.load(m + at, lanes).mul(beta1).add(g.mul(rest1));
        FloatVector second = Lanes.load(v + at, lanes).mul(beta2).add(g.mul(g).mul(rest2));
        FloatVector step = first.mul(rate).div(second.sqrt().mul(rootScale).add(epsilon));
        Lanes.store(normal(first), m + at, lanes);
        Lanes.store(normal(second), v + at, lanes);
        Lanes.store(Lanes.load(parameter + at, lanes).mul(decay).sub(step), parameter + at, lanes);
    }

    private static FloatVector normal(FloatVector moment) {
        return moment.blend(ZERO, moment.abs().compare(VectorOperators.LT, SMALLEST));
    }
}
