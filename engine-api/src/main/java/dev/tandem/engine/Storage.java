package dev.tandem.engine;

/// Memory of one allocation. Only the device that made it can read it; to everyone else it is a
/// name in a region.
///
/// A device extends this class with what it needs to find the bytes: an address, a segment, an
/// array.
public abstract class Storage {
    private final Region region;
    private final String name;
    private final Role role;
    private final ElementType type;
    private final Shape shape;

    /// Describes an allocation; the arguments are those of [Device#allocate].
    protected Storage(Region region, String name, Role role, ElementType type, Shape shape) {
        this.region = region;
        this.name = name;
        this.role = role;
        this.type = type;
        this.shape = shape;
    }

    /// The region that frees this memory.
    public final Region region() {
        return region;
    }

    /// What the tensor was called when it was allocated; error messages use it.
    public final String name() {
        return name;
    }

    /// What the tensor is for.
    public final Role role() {
        return role;
    }

    /// Type of the elements.
    public final ElementType type() {
        return type;
    }

    /// Shape of the whole allocation.
    public final Shape shape() {
        return shape;
    }
}
