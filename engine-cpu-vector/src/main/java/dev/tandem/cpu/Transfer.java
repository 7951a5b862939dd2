package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Tensors on their way between host memory, where they are row-major, and where they lie.
final class Transfer {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private final Elements elements = new Elements();

    void upload(Tensor target, MemorySegment source) {
        elements.of(target);
        if (CpuStorage.of(target).layout().isEmpty()) {
            Lanes.copy(source, elements.address(0));
            return;
        }
        long count = elements.count();
        for (long i = 0; i < count; i += elements.runLength(i, count)) {
            long run = elements.runLength(i, count);
            long address = elements.address(i);
            long stride = elements.stride();
            switch (target.type()) {
                case F32, I32 -> {
                    for (long j = 0; j < run; j++) {
                        Lanes.set(address + j * stride, source.get(FLOAT, (i + j) * Float.BYTES));
                    }
                }
                case BF16 -> {
                    for (long j = 0; j < run; j++) {
                        Lanes.setShort(address + j * stride, source.get(SHORT, (i + j) * Short.BYTES));
                    }
                }
                case Q8 -> {
                    Lanes.set(elements.scale(i), source.get(FLOAT, count + i / run * Float.BYTES));
                    for (long j = 0; j < run; j++) {
                        Lanes.setByte(address + j * stride, source.get(ValueLayout.JAVA_BYTE, i + j));
                    }
                }
            }
        }
    }

    void download(MemorySegment target, Tensor source) {
        elements.of(source);
        if (CpuStorage.of(source).layout().isEmpty()) {
            Lanes.copy(elements.address(0), target);
            return;
        }
        long count = elements.count();
        for (long i = 0; i < count; i += elements.runLength(i, count)) {
            long run = elements.runLength(i, count);
            long address = elements.address(i);
            long stride = elements.stride();
            switch (source.type()) {
                case F32, I32 -> {
                    for (long j = 0; j < run; j++) {
                        target.set(FLOAT, (i + j) * Float.BYTES, Lanes.get(address + j * stride));
                    }
                }
                case BF16 -> {
                    for (long j = 0; j < run; j++) {
                        target.set(SHORT, (i + j) * Short.BYTES, Lanes.getShort(address + j * stride));
                    }
                }
                case Q8 -> {
                    target.set(FLOAT, count + i / run * Float.BYTES, Lanes.get(elements.scale(i)));
                    for (long j = 0; j < run; j++) {
                        target.set(ValueLayout.JAVA_BYTE, i + j, Lanes.getByte(address + j * stride));
                    }
                }
            }
        }
    }
}
