package dev.tandem.gpt;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Role;
import dev.tandem.engine.Shape;

/// A tensor that will be needed, before there is memory for it.
///
/// @param name as the allocated tensor will be called
/// @param role what it is for
/// @param type of its elements
/// @param shape of the tensor
public record Buffer(String name, Role role, ElementType type, Shape shape) {
    /// Bytes of its elements; a device may round up for a layout of its own.
    public long bytes() {
        return Math.multiplyExact(shape.elements(), (long) type.bytes());
    }
}
