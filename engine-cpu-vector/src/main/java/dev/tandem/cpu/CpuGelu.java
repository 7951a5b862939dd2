package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Gelu;
import dev.tandem.engine.kernel.GeluForm;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// The activation, element by element.
final class CpuGelu implements Gelu {
    /// Elements whose slopes are kept at once: 4 KiB, so that they stay in the first-level cache.
    private static final int SLOPES = 1024;
    /// The same where operands come from memory: as many elements of dy are on their way meanwhile. More of them are
    /// more lines than the processor can wait for at once, fewer are too short a loop.
    private static final int SLOPES_WHILE_ASKING = 256;
    private static final long CACHE = Processor.secondLevelCache();

    private final Workers workers;
    private final Workers.Task forward = this::forwardBlock;
    private final Workers.Task backward = this::backwardBlock;
    private long elements;
    private GeluForm form = GeluForm.ERF;
    private boolean asks;
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
        asks = Prefetch.AVAILABLE && elements * Float.BYTES > CACHE;
        workers.run(Blocks.count(elements), backward);
    }

    private void forwardBlock(int block, int worker) {
        long offset = Blocks.offset(block);
        apply(y + offset, x + offset, Blocks.length(block, elements), form);
    }

    private void backwardBlock(int block, int worker) {
        long offset = Blocks.offset(block);
        int length = Blocks.length(block, elements);
        int most = asks ? SLOPES_WHILE_ASKING : SLOPES;
        long slopes = workers.workspace(worker).address(most * (long) Float.BYTES);
        for (int done = 0; done < length; done += most) {
            long at = offset + done * (long) Float.BYTES;
            int count = Math.min(most, length - done);
            if (asks) {
                Prefetch.lines(dy + at, count * (long) Float.BYTES);
            }
            applyDerivative(y + at, dy + at, x + at, slopes, count, form);
        }
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
        slopes(x, x, length, form);
        multiplyBoth(dy, x, length);
        int rest = length % Lanes.LENGTH;
        long done = (length - rest) * (long) Float.BYTES;
        if (rest > 0) {
            lastDerivative(dy + done, dy + done, x + done, rest, form);
            Lanes.copy(dy + done, x + done, rest * (long) Float.BYTES);
        }
    }

    /// `dx = dy * gelu'(x)`; `dx` may be `dy` or `x`.
    private static void applyDerivative(long dx, long dy, long x, long slopes, int length, GeluForm form) {
        int rest = length % Lanes.LENGTH;
        long done = (length - rest) * (long) Float.BYTES;
        slopes(slopes, x, length, form);
        multiply(dx, dy, slopes, length);
        if (rest > 0) {
            lastDerivative(dx + done, dy + done, x + done, rest, form);
        }
    }

    private static void slopes(long slopes, long x, int length, GeluForm form) {
        switch (form) {
            case ERF -> erfSlopes(slopes, x, length);
            case TANH -> tanhSlopes(slopes, x, length);
        }
    }

    private static void lastDerivative(long dx, long dy, long x, int lanes, GeluForm form) {
        switch (form) {
            case ERF -> lastErfDerivative(dx, dy, x, lanes);
            case TANH -> lastTanhDerivative(dx, dy, x, lanes);
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

    // Slopes and their product with dy are loops of their own: together they pass the number of nodes from which on C2
    // keeps vectors boxed in some processes, see [TileCode].

    private static void erfSlopes(long slopes, long x, int length) {
        for (int i = 0; i <= length - Lanes.LENGTH; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            Lanes.store(VectorMath.geluDerivative(Lanes.load(x + at)), slopes + at);
        }
    }

    private static void tanhSlopes(long slopes, long x, int length) {
        for (int i = 0; i <= length - Lanes.LENGTH; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            Lanes.store(VectorMath.geluTanhDerivative(Lanes.load(x + at)), slopes + at);
        }
    }

    private static void multiply(long dx, long dy, long slopes, int length) {
        for (int i = 0; i <= length - Lanes.LENGTH; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            Lanes.store(Lanes.load(dy + at).mul(Lanes.load(slopes + at)), dx + at);
        }
    }

    private static void multiplyBoth(long dy, long slopes, int length) {
        for (int i = 0; i <= length - Lanes.LENGTH; i += Lanes.LENGTH) {
            long at = (long) i * Float.BYTES;
            FloatVector dx = Lanes.load(dy + at).mul(Lanes.load(slopes + at));
            Lanes.store(dx, dy + at);
            Lanes.store(dx, slopes + at);
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
