package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import java.util.Optional;

/// A place in a device's memory that belongs to no tensor: scratch, the complaint. Or, where an operand
/// may be either, that of a tensor.
record DeviceAddress(long value) {
    /// No place: what an absent operand is passed as.
    static final DeviceAddress NONE = new DeviceAddress(0);

    /// The place of a tensor's first element.
    static DeviceAddress of(Tensor tensor) {
        return new DeviceAddress(CudaStorage.address(tensor));
    }

    /// The place of a tensor's first element, or none.
    static DeviceAddress of(Optional<Tensor> tensor) {
        return tensor.isPresent() ? of(tensor.get()) : NONE;
    }

    /// The place that many bytes further on.
    DeviceAddress plus(long bytes) {
        return new DeviceAddress(value + bytes);
    }
}
