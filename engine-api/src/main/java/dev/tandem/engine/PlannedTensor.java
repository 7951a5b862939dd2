package dev.tandem.engine;

/// A tensor that will be needed, before there is memory for it.
///
/// @param name as the allocated tensor will be called
/// @param role what it is for
/// @param type of its elements
/// @param shape of the tensor
public record PlannedTensor(String name, Role role, ElementType type, Shape shape) {
    /// Refuses what no region allocates.
    public PlannedTensor {
        if (role == Role.WEIGHT && (shape.rank() < 2 || shape.rank() > 3)) {
            throw new IllegalArgumentException(
                    "weight '%s' must be [out, in] or [E, out, in], was %s".formatted(name, shape));
        }
        if (role == Role.WEIGHT && type == ElementType.I32) {
            throw new IllegalArgumentException("weight '%s' must have a floating type, was I32".formatted(name));
        }
        if (role != Role.WEIGHT && type == ElementType.Q8) {
            throw new IllegalArgumentException(
                    "tensor '%s' must not be Q8, which only weights may be, was %s; allocate it as F32"
                            .formatted(name, role));
        }
    }

    /// Bytes in host memory; a device may round up for a layout of its own.
    ///
    /// @throws ArithmeticException if they exceed a `long`
    public long bytes() {
        return type.bytes(shape);
    }
}
