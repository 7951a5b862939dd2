package dev.tandem.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// What the operations are given: kernels by name, scratch, and the place where kernels complain.
final class CudaQueue implements AutoCloseable {
    /// What every driver takes as arguments of one kernel.
    static final int LARGEST_ARGUMENTS = 4096;

    private static final int COMPLAINT_BYTES = 4 * Integer.BYTES;

    private final Accelerator accelerator;
    private final MemorySteps steps;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment block = arena.allocate(LARGEST_ARGUMENTS, Long.BYTES);
    private final MemorySegment complaint = arena.allocate(COMPLAINT_BYTES, Long.BYTES);
    private final List<GrowingMemory> memories = new ArrayList<>();
    private final DeviceAddress complaintOnDevice;
    private final GrowingMemory scratch;
    private boolean launched;

    CudaQueue(Accelerator accelerator, MemorySteps steps) {
        this.accelerator = accelerator;
        this.steps = steps;
        scratch = memory("scratch");
        complaintOnDevice = memory("complaint").holding(COMPLAINT_BYTES);
        accelerator.clear(complaintOnDevice.value(), COMPLAINT_BYTES);
    }

    /// A kernel by its file, its name, and the record that mirrors its structure of arguments.
    <A extends Record> CudaKernel<A> kernel(String source, String name, Class<A> arguments) {
        ArgumentLayout<A> layout = ArgumentLayout.of(arguments);
        Accelerator.Entry entry = accelerator.entry(source, name, layout);
        Accelerator.Entry noted = (grid, written) -> {
            launched = true;
            entry.launch(grid, written);
        };
        return new CudaKernel<>(noted, layout, block);
    }

    /// Memory that outlives calls, empty at first, freed with the queue.
    GrowingMemory memory(String purpose) {
        var memory = new GrowingMemory(accelerator, purpose, steps.own());
        memories.add(memory);
        return memory;
    }

    /// Memory that dies with the call. Every call of this method may return the same memory, so
    /// an operation asks once and divides what it gets.
    DeviceAddress scratch(long bytes) {
        return scratch.holding(bytes);
    }

    /// Whether a step runs that becomes a graph where there are graphs: then only kernels may be enqueued, and the
    /// same ones where there are none, as while debugging.
    boolean repeating() {
        return accelerator.repeating();
    }

    /// Copies host memory, which may change as soon as this returns, after everything before.
    void upload(DeviceAddress target, MemorySegment source) {
        accelerator.upload(target.value(), source);
    }

    /// Fills memory with zeros.
    void clear(DeviceAddress target, long bytes) {
        accelerator.clear(target.value(), bytes);
    }

    /// Copies into host memory; waits for everything before.
    void download(MemorySegment target, DeviceAddress source) {
        accelerator.download(target, source.value());
    }

    /// Where a kernel reports an integer that is out of range; see `complain` in `tandem.cuh`.
    DeviceAddress complaint() {
        return complaintOnDevice;
    }

    /// Raises what kernels have complained of since the last call. Waits for everything before if
    /// there were any kernels.
    ///
    /// @throws IllegalArgumentException if there was a complaint
    void raiseComplaint() {
        if (!launched) {
            return;
        }
        accelerator.download(complaint, complaintOnDevice.value());
        launched = false;
        int code = complaint.get(ValueLayout.JAVA_INT, 0);
        if (code != 0) {
            accelerator.clear(complaintOnDevice.value(), COMPLAINT_BYTES);
            throw new IllegalArgumentException(Operand.complaint(
                    code,
                    complaint.getAtIndex(ValueLayout.JAVA_INT, 1),
                    complaint.getAtIndex(ValueLayout.JAVA_INT, 2),
                    complaint.getAtIndex(ValueLayout.JAVA_INT, 3)));
        }
    }

    /// Bytes held for scratch, tables and complaints.
    long bytes() {
        return memories.stream().mapToLong(GrowingMemory::bytes).sum();
    }

    @Override
    public void close() {
        memories.forEach(GrowingMemory::free);
        arena.close();
    }
}
