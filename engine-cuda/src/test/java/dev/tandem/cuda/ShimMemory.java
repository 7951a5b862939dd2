package dev.tandem.cuda;

import dev.tandem.engine.Bf16;
import java.lang.foreign.MemorySegment;

/// A shim with a queue, for kernels that no operation launches yet.
final class ShimMemory implements AutoCloseable {
    private final HostShim shim;
    private final CudaQueue queue;

    ShimMemory(Schedule schedule) {
        shim = ShimBackend.shim(schedule);
        queue = new CudaQueue(shim, ShimBackend.EXACTLY);
    }

    CudaQueue queue() {
        return queue;
    }

    DeviceAddress allocate(long bytes) {
        return new DeviceAddress(shim.allocate(bytes).orElseThrow());
    }

    DeviceAddress integers(int... values) {
        return uploaded(MemorySegment.ofArray(values));
    }

    DeviceAddress floats(float[] values) {
        return uploaded(MemorySegment.ofArray(values));
    }

    /// Rounds to BF16.
    DeviceAddress bf16(float[] values) {
        short[] rounded = new short[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = Bf16.of(values[i]);
        }
        return uploaded(MemorySegment.ofArray(rounded));
    }

    float[] floatsAt(DeviceAddress address, int count) {
        float[] values = new float[count];
        shim.download(MemorySegment.ofArray(values), address.value());
        return values;
    }

    float[] bf16At(DeviceAddress address, int count) {
        short[] bits = new short[count];
        shim.download(MemorySegment.ofArray(bits), address.value());
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = Bf16.value(bits[i]);
        }
        return values;
    }

    private DeviceAddress uploaded(MemorySegment values) {
        DeviceAddress address = allocate(values.byteSize());
        shim.upload(address.value(), values);
        return address;
    }

    @Override
    public void close() {
        queue.raiseComplaint();
        queue.close();
        shim.close();
    }
}
