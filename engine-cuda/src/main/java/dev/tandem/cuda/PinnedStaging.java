package dev.tandem.cuda;

import java.lang.foreign.MemorySegment;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/// Two halves of page-locked host memory, through which everything is copied: while the GPU moves
/// one, the processor fills or empties the other.
final class PinnedStaging {
    private static final long HALF_BYTES = 8L << 20;

    private final DriverCalls calls;
    private final CUstream_st stream;
    private final PointerPointer<Pointer> memory = new PointerPointer<>(1);
    private final MemorySegment[] halves = new MemorySegment[2];
    private final Pointer[] pointers = new Pointer[2];
    private final CUevent_st[] moved = {new CUevent_st(), new CUevent_st()};

    PinnedStaging(DriverCalls calls, CUstream_st stream) {
        this.calls = calls;
        this.stream = stream;
        calls.check("cuMemHostAlloc", cudart.cuMemHostAlloc(memory, 2 * HALF_BYTES, 0));
        long address = memory.get(0).address();
        for (int half = 0; half < 2; half++) {
            long start = address + half * HALF_BYTES;
            halves[half] = MemorySegment.ofAddress(start).reinterpret(HALF_BYTES);
            pointers[half] = new NativeAddress(start);
            calls.check("cuEventCreate", cudart.cuEventCreate(moved[half], cudart.CU_EVENT_DISABLE_TIMING));
        }
    }

    /// Copies to the device; the source has been read when this returns.
    void upload(long target, MemorySegment source) {
        int half = 0;
        for (long done = 0; done < source.byteSize(); done += HALF_BYTES, half ^= 1) {
            long bytes = Math.min(HALF_BYTES, source.byteSize() - done);
            // an event that was never recorded counts as reached
            calls.check("cuEventSynchronize", cudart.cuEventSynchronize(moved[half]));
            MemorySegment.copy(source, done, halves[half], 0, bytes);
            calls.check("cuMemcpyHtoDAsync", cudart.cuMemcpyHtoDAsync(target + done, pointers[half], bytes, stream));
            calls.check("cuEventRecord", cudart.cuEventRecord(moved[half], stream));
        }
    }

    /// Copies from the device; waits for everything before.
    void download(MemorySegment target, long source) {
        long total = target.byteSize();
        fetch(0, source, Math.min(HALF_BYTES, total));
        int half = 0;
        for (long done = 0; done < total; done += HALF_BYTES, half ^= 1) {
            long next = done + HALF_BYTES;
            if (next < total) {
                fetch(half ^ 1, source + next, Math.min(HALF_BYTES, total - next));
            }
            calls.check("cuEventSynchronize", cudart.cuEventSynchronize(moved[half]));
            MemorySegment.copy(halves[half], 0, target, done, Math.min(HALF_BYTES, total - done));
        }
    }

    private void fetch(int half, long source, long bytes) {
        calls.check("cuMemcpyDtoHAsync", cudart.cuMemcpyDtoHAsync(pointers[half], source, bytes, stream));
        calls.check("cuEventRecord", cudart.cuEventRecord(moved[half], stream));
    }

    /// Gives the memory back. The stream must be idle.
    void close() {
        for (CUevent_st event : moved) {
            cudart.cuEventDestroy(event);
        }
        cudart.cuMemFreeHost(memory.get(0));
        memory.close();
    }
}
