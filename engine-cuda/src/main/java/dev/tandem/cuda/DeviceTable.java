package dev.tandem.cuda;

import java.lang.foreign.MemorySegment;

/// Words that the host writes and kernels read. Only a change is copied, so an operation whose operands
/// stay the same copies nothing.
final class DeviceTable {
    private final CudaQueue queue;
    private final GrowingMemory memory;
    private long[] words = new long[0];
    private int held; // the first words, which the device has

    DeviceTable(CudaQueue queue, String purpose) {
        this.queue = queue;
        memory = queue.memory(purpose);
    }

    /// Makes room for a number of words.
    void reserve(int count) {
        if (count > words.length) {
            words = new long[count];
            held = 0;
        }
    }

    void set(int index, long word) {
        if (words[index] != word) {
            words[index] = word;
            held = Math.min(held, index);
        }
    }

    /// Where the device finds the first words, as they are now, in what is enqueued next.
    DeviceAddress onDevice(int count) {
        long bytes = (long) count * Long.BYTES;
        DeviceAddress address = memory.holding(bytes);
        if (count > held) {
            queue.upload(address, MemorySegment.ofArray(words).asSlice(0, bytes));
            held = count;
        }
        return address;
    }
}
