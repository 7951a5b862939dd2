package dev.tandem.cuda;

import java.lang.foreign.MemorySegment;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/// Page-locked host memory with an event for each piece, through which everything is copied.
final class PinnedStaging implements StagingRing.Pieces {
    // so many that an update's few uploads wait for updates long done, so large that a copy outlasts its call
    private static final int PIECES = 16;
    private static final long PIECE_BYTES = 1L << 20;

    private final DriverCalls calls;
    private final CUstream_st stream;
    private final PointerPointer<Pointer> memory = new PointerPointer<>(1);
    private final MemorySegment[] pieces = new MemorySegment[PIECES];
    private final Pointer[] pointers = new Pointer[PIECES];
    private final CUevent_st[] moved = new CUevent_st[PIECES];
    private final StagingRing ring = new StagingRing(this, PIECES, PIECE_BYTES);

    PinnedStaging(DriverCalls calls, CUstream_st stream) {
        this.calls = calls;
        this.stream = stream;
        calls.check("cuMemHostAlloc", cudart.cuMemHostAlloc(memory, PIECES * PIECE_BYTES, 0));
        long address = memory.get(0).address();
        for (int piece = 0; piece < PIECES; piece++) {
            long start = address + piece * PIECE_BYTES;
            pieces[piece] = MemorySegment.ofAddress(start).reinterpret(PIECE_BYTES);
            pointers[piece] = new NativeAddress(start);
            moved[piece] = new CUevent_st();
            calls.check("cuEventCreate", cudart.cuEventCreate(moved[piece], cudart.CU_EVENT_DISABLE_TIMING));
        }
    }

    /// Copies to the device; the source has been read when this returns.
    void upload(long target, MemorySegment source) {
        ring.upload(target, source);
    }

    /// Copies from the device; waits for everything before.
    void download(MemorySegment target, long source) {
        ring.download(target, source);
    }

    @Override
    public MemorySegment memory(int piece) {
        return pieces[piece];
    }

    @Override
    public void send(int piece, long target, long bytes) {
        calls.check("cuMemcpyHtoDAsync", cudart.cuMemcpyHtoDAsync(target, pointers[piece], bytes, stream));
        calls.check("cuEventRecord", cudart.cuEventRecord(moved[piece], stream));
    }

    @Override
    public void fetch(int piece, long source, long bytes) {
        calls.check("cuMemcpyDtoHAsync", cudart.cuMemcpyDtoHAsync(pointers[piece], source, bytes, stream));
        calls.check("cuEventRecord", cudart.cuEventRecord(moved[piece], stream));
    }

    @Override
    public void await(int piece) {
        // an event that was never recorded counts as reached
        calls.check("cuEventSynchronize", cudart.cuEventSynchronize(moved[piece]));
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
