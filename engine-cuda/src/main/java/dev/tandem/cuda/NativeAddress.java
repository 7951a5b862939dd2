package dev.tandem.cuda;

import org.bytedeco.javacpp.Pointer;

/// A JavaCPP pointer to memory that something else owns.
final class NativeAddress extends Pointer {
    NativeAddress(long address) {
        this.address = address;
    }

    /// Points to another place.
    NativeAddress at(DeviceAddress place) {
        address = place.value();
        return this;
    }
}
