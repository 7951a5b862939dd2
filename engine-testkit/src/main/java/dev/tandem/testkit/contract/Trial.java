package dev.tandem.testkit.contract;

import java.util.function.Consumer;

/// One use of a kernel with given sizes, to be run on any backend.
///
/// @param name the sizes and what is special
/// @param seed of its random operands
/// @param run allocates the operands on a workbench, asks it for the kernels, and calls them
public record Trial(String name, long seed, Consumer<Workbench> run) {
    /// A trial seeded by its name.
    public static Trial of(String name, Consumer<Workbench> run) {
        return new Trial(name, name.hashCode(), run);
    }
}
