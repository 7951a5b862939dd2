package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Gelu;
import dev.tandem.engine.kernel.GeluForm;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// The activation, element by element.
final class CpuGelu implements Gelu {
    private final Workers workers;
    private final Workers.Task forward = this::forwardBlock;
    private final Workers.Task backward = this::backwardBlock;
    private long elements;
    private GeluForm form = GeluForm.ERF;
    private long y;
    private long dy;
    private long x;

    CpuGelu(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void forward(Tensor y, Tensor x, GeluForm form) {
        this.elements = x.shape().elements();
        this.form = form;
        this.y = CpuStorage.address(y);
        this.x = CpuStorage.address(x);
        workers.run(Blocks.count(elements), forward);
    }

    @Override
    public void backward(Tensor dx, Tensor dy, Tensor x, GeluForm form) {
        this.elements = x.shape().elements();
        this.form = form;
        this.y = CpuStorage.address(dx);
        this.dy = CpuStorage.address(dy);
        this.x = CpuStorage.address(x);
        workers.run(Blocks.count(elements), backward);
    }

    private void forwardBlock(int block, int worker) {
        long offset = Blocks.offset(block);
        apply(y + offset, x + offset, Blocks.length(block, elements), form);
    }

    private void backwardBlock(int block, int worker) {
        long offset = Blocks.offset(block);
        applyDerivative(y + offset, dy + offset, x + offset, Blocks.length(block, elements), form);
    }

    /// `y = gelu(x)`; `y` may be `x`.
    static void apply(long y, long x, int length, GeluForm form) {
        switch (form) {
            case ERF -> erf(y, x, length);
            case TANH -> tanh(y, x, length);
        }
        int rest = length % Lanes.LENGTH;
        long done = (length - rest) * (long) Float.BYTES;
        if (rest > 0) {
            switch (form) {
                case ERF -> lastErf(y + done, x + done, rest);
                case TANH -> lastTanh(y + done, x + done, rest);
            }
        }
    }

    /// `kept = x`, then `x = gelu(x)`, a vector of each in turn, so that writing to memory does not wait for itself.
    static void applyKeeping(long x, long kept, int length, GeluForm form) {
        switch (form) {
            case ERF -> erfKeeping(x, kept, length);
            case TANH -> tanhKeeping(x, kept, length);
        }
        int rest = length % Lanes.LENGTH;
        long done = (length - rest) * (long) Float.BYTES;
        if (rest > 0) {
            Lanes.copy(x + done, kept + done, rest * (long) Float.BYTES);
            apply(x + done, x + done, rest, form);
        }
    }

    /// `dy = dy * gelu'(x)`, then `x = dy`, in turn as well.
    static void differentiate(long dy, long x, int length, GeluForm form) {
        switch (form) {
            case ERF -> differentiateErf(dy, x, length);
            case TANH -> differentiateTanh(dy, x, length);
        }
        int rest = length % Lanes.LENGTH;
        long done = (length - rest) * (long) Float.BYTES;
        if (rest > 0) {
            applyDerivative(dy + done, dy + done, x + done, rest, form);
            Lanes.copy(dy + done, x + done, rest * (long) Float.BYTES);
        }
    }

    /// `dx = dy * gelu'(x)`; `dx` may be `dy` or `x`.
    static void applyDerivative(long dx, long dy, long x, int length, GeluForm form) {
        switch (form) {
            case ERF -> erfDerivative(dx, dy, x, length);
            case TANH -> tanhDerivative(dx, dy, x, length);
        }
        int rest = length % Lanes.LENGTH;
        long done = (length - rest) * (long) Float.BYTES;
        if (rest > 0) {
            switch (form) {
                case ERF -> lastErfDerivative(dx + done, dy + done, x + done, rest);
                case TANH -> lastTanhDerivative(dx + done, dy + done, x + done, rest);
            }
        }
    }

    // Whole vectors only: under a mask, these loops take twice as long.

    private static void erf(long y, long x, int length) {
        for (int i = 0; i <= length - Lanes.LENGTH; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            Lanes.store(VectorMath.gelu(Lanes.load(x + at)), y + at);
        }
    }

    private static void tanh(long y, long x, int length) {
        for (int i = 0; i <= length - Lanes.LENGTH; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            Lanes.store(VectorMath.geluTanh(Lanes.load(x + at)), y + at);
        }
    }

    private static void erfKeeping(long x, long kept, int length) {
        for (int i = 0; i <= length - Lanes.LENGTH; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            FloatVector value = Lanes.load(x + at);
            Lanes.store(value, kept + at);
            Lanes.store(VectorMath.gelu(value), x + at);
        }
    }

    private static void tanhKeeping(long x, long kept, int length) {
        for (int i = 0; i <= length - Lanes.LENGTH; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            FloatVector value = Lanes.load(x + at);
            Lanes.store(value, kept + at);
            Lanes.store(VectorMath.geluTanh(value), x + at);
        }
    }

    private static void erfDerivative(long dx, long dy, long x, int length) {
        for (int i = 0; i <= length - Lanes.LENGTH; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            FloatVector slope = VectorMath.geluDerivative(Lanes.load(x + at));
            Lanes.store(slope.mul(Lanes.load(dy + at)), dx + at);
        }
    }

    private static void tanhDerivative(long dx, long dy, long x, int length) {
        for (int i = 0; i <= length - Lanes.LENGTH; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            FloatVector slope = VectorMath.geluTanhDerivative(Lanes.load(x + at));
            Lanes.store(slope.mul(Lanes.load(dy + at)), dx + at);
        }
    }

    private static void differentiateErf(long dy, long x, int length) {
        for (int i = 0; i <= length - Lanes.LENGTH; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            FloatVector slope = VectorMath.geluDerivative(Lanes.load(x + at));
            FloatVector dx = slope.mul(Lanes.load(dy + at));
            Lanes.store(dx, dy + at);
            Lanes.store(dx, x + at);
        }
    }

    private static void differentiateTanh(long dy, long x, int length) {
        for (int i = 0; i <= length - Lanes.LENGTH; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            FloatVector slope = VectorMath.geluTanhDerivative(Lanes.load(x + at));
            FloatVector dx = slope.mul(Lanes.load(dy + at));
            Lanes.store(dx, dy + at);
            Lanes.store(dx, x + at);
        }
    }

    private static void lastErf(long y, long x, int lanes) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        Lanes.store(VectorMath.gelu(Lanes.load(x, mask)), y, mask);
    }

    private static void lastTanh(long y, long x, int lanes) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        Lanes.store(VectorMath.geluTanh(Lanes.load(x, mask)), y, mask);
    }

    private static void lastErfDerivative(long dx, long dy, long x, int lanes) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        FloatVector slope = VectorMath.geluDerivative(Lanes.load(x, mask));
        Lanes.store(slope.mul(Lanes.load(dy, mask)), dx, mask);
    }

    private static void lastTanhDerivative(long dx, long dy, long x, int lanes) {
        VectorMask<Float> mask = Lanes.tail(0, lanes);
        FloatVector slope = VectorMath.geluTanhDerivative(Lanes.load(x, mask));
        Lanes.store(slope.mul(Lanes.load(dy, mask)), dx, mask);
    }
}
