package dev.tandem.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/// Off-heap floats for tests of what lies below the kernels.
final class Buffers {
    private Buffers() {}

    static MemorySegment random(Arena arena, int floats, long seed) {
        MemorySegment segment = arena.allocate(floats * 4L, 64);
        var random = new Random(seed);
        for (int i = 0; i < floats; i++) {
            segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
        }
        return segment;
    }

    static MemorySegment filled(Arena arena, int floats, float value) {
        MemorySegment segment = arena.allocate(floats * 4L, 64);
        for (int i = 0; i < floats; i++) {
            segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
        return segment;
    }

    /// As of a device whose weights come from memory, so that they are asked for.
    static HeldMemory moreThanCachesHold() {
        var held = new HeldMemory();
        held.add(1L << 40);
        return held;
    }

    static float get(MemorySegment segment, int index) {
        return segment.getAtIndex(ValueLayout.JAVA_FLOAT, index);
    }

    static float[] random(int floats, long seed) {
        var values = new float[floats];
        var random = new Random(seed);
        for (int i = 0; i < floats; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return values;
    }
}
