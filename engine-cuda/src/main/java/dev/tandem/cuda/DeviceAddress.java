package dev.tandem.cuda;

/// A place in a device's memory that belongs to no tensor: scratch, the complaint.
record DeviceAddress(long value) {
    /// No place: what an absent operand is passed as.
    static final DeviceAddress NONE = new DeviceAddress(0);

    /// The place that many bytes further on.
    DeviceAddress plus(long bytes) {
        return new DeviceAddress(value + bytes);
    }
}
