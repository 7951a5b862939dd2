package dev.tandem.cuda;

/// A place in a device's memory that belongs to no tensor: scratch, the complaint.
record DeviceAddress(long value) {
    /// The place that many bytes further on.
    DeviceAddress plus(long bytes) {
        return new DeviceAddress(value + bytes);
    }
}
