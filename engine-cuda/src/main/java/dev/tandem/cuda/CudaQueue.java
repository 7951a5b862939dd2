package dev.tandem.cuda;

import dev.tandem.engine.OutOfDeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What the operations are given: kernels by name, scratch, and the place where kernels complain.
final class CudaQueue implements AutoCloseable {
    /// What every driver takes as arguments of one kernel.
    private static final int LARGEST_ARGUMENTS = 4096;

    private static final int COMPLAINT_BYTES = 4 * Integer.BYTES;
    private static final long SCRATCH_STEP = 1L << 20;

    private final Accelerator accelerator;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment block = arena.allocate(LARGEST_ARGUMENTS, Long.BYTES);
    private final MemorySegment complaint = arena.allocate(COMPLAINT_BYTES, Long.BYTES);
    private final DeviceAddress complaintOnDevice;
    private DeviceAddress scratch = new DeviceAddress(0);
    private long scratchBytes;

    CudaQueue(Accelerator accelerator) {
        this.accelerator = accelerator;
        complaintOnDevice = new DeviceAddress(allocate(COMPLAINT_BYTES, "complaint"));
        accelerator.clear(complaintOnDevice.value(), COMPLAINT_BYTES);
    }

    /// A kernel by its file, its name, and the record that mirrors its structure of arguments.
    <A extends Record> CudaKernel<A> kernel(String source, String name, Class<A> arguments) {
        ArgumentLayout<A> layout = ArgumentLayout.of(arguments);
        return new CudaKernel<>(accelerator.entry(source, name, layout), layout, block);
    }

    /// Memory that dies with the call. Every call of this method may return the same memory, so
    /// an operation asks once and divides what it gets.
    DeviceAddress scratch(long bytes) {
        if (bytes > scratchBytes) {
            long grown = Math.ceilDiv(bytes, SCRATCH_STEP) * SCRATCH_STEP;
            freeScratch();
            scratch = new DeviceAddress(allocate(grown, "scratch"));
            scratchBytes = grown;
        }
        return scratch;
    }

    /// Copies host memory, which may change as soon as this returns, after everything before.
    void upload(DeviceAddress target, MemorySegment source) {
        accelerator.upload(target.value(), source);
    }

    /// Where a kernel reports an integer that is out of range; see `complain` in `tandem.cuh`.
    DeviceAddress complaint() {
        return complaintOnDevice;
    }

    /// Raises what kernels have complained of since the last call. Waits for everything before.
    ///
    /// @throws IllegalArgumentException if there was a complaint
    void raiseComplaint() {
        accelerator.download(complaint, complaintOnDevice.value());
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

    /// Bytes held for scratch and complaints.
    long bytes() {
        return scratchBytes + COMPLAINT_BYTES;
    }

    @Override
    public void close() {
        freeScratch();
        accelerator.free(complaintOnDevice.value());
        arena.close();
    }

    private void freeScratch() {
        if (scratchBytes > 0) {
            accelerator.free(scratch.value());
            scratchBytes = 0;
        }
    }

    private long allocate(long bytes, String purpose) {
        return accelerator
                .allocate(bytes)
                .orElseThrow(() -> new OutOfDeviceMemory(bytes, accelerator.freeBytes(), purpose));
    }
}
