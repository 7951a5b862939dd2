package dev.tandem.engine;

/// Memory of a device, in bytes.
///
/// @param tensors allocated for tensors of open regions, padding of the device's layout included
/// @param workspace held by the device for its own use
/// @param free what the device could still allocate, as far as it knows
public record MemoryUsage(long tensors, long workspace, long free) {}
