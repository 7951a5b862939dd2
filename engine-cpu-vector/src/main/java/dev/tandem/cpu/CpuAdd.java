package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Add;
import jdk.incubator.vector.VectorMask;

/// The residual sum; bound by memory.
final class CpuAdd implements Add {
    private final Workers workers;
    private final Workers.Task task = this::block;
    private long elements;
    private long y;
    private long a;
    private long b;

    CpuAdd(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void forward(Tensor y, Tensor a, Tensor b) {
        this.elements = y.shape().elements();
        this.y = CpuStorage.address(y);
        this.a = CpuStorage.address(a);
        this.b = CpuStorage.address(b);
        workers.run(Blocks.count(elements), task);
    }

    private void block(int block, int worker) {
        long offset = Blocks.offset(block);
        sum(y + offset, a + offset, b + offset, Blocks.length(block, elements));
    }

    private static void sum(long y, long a, long b, int length) {
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
}
