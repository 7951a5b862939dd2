package dev.tandem.cuda;

import dev.tandem.engine.OutOfDeviceMemory;

/// Memory for the backend's own use. It grows when more is asked for and then stays.
final class GrowingMemory {
    private final Accelerator accelerator;
    private final String purpose;
    private final long step;
    private DeviceAddress address = DeviceAddress.NONE;
    private long bytes;

    /// @param purpose for the error where there is no room
    /// @param step of which the size is a multiple
    GrowingMemory(Accelerator accelerator, String purpose, long step) {
        this.accelerator = accelerator;
        this.purpose = purpose;
        this.step = step;
    }

    /// Its place, with room for that many bytes. What it held is lost where it must grow.
    DeviceAddress holding(long wanted) {
        if (wanted > bytes) {
            long grown = Math.ceilDiv(wanted, step) * step;
            free();
            address = new DeviceAddress(accelerator
                    .allocate(grown)
                    .orElseThrow(() -> new OutOfDeviceMemory(grown, accelerator.freeBytes(), purpose)));
            bytes = grown;
        }
        return address;
    }

    long bytes() {
        return bytes;
    }

    void free() {
        if (bytes > 0) {
            accelerator.free(address.value());
            bytes = 0;
        }
    }
}
