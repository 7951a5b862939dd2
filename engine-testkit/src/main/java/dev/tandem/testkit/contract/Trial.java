package dev.tandem.testkit.contract;

import dev.tandem.engine.ElementType;
import java.util.function.Consumer;

/// One use of a kernel with given sizes, to be run on any backend.
///
/// @param name the sizes and what is special
/// @param seed of its random operands
/// @param type of activations and working weights
/// @param weightType of weights: that type, or beside F32 one of fewer bytes
/// @param run allocates the operands on a workbench, asks it for the kernels, and calls them
public record Trial(String name, long seed, ElementType type, ElementType weightType, Consumer<Workbench> run) {
    /// A trial in F32, seeded by its name.
    public static Trial of(String name, Consumer<Workbench> run) {
        return new Trial(name, name.hashCode(), ElementType.F32, ElementType.F32, run);
    }

    /// The same trial with activations and working weights of another type.
    public Trial in(ElementType changed) {
        return new Trial(name + ", " + changed, seed, changed, changed, run);
    }

    /// The same trial with weights of another type than the activations.
    public Trial withWeights(ElementType changed) {
        return new Trial(name + ", weights " + changed, seed, type, changed, run);
    }

    /// The same trial with other random operands.
    Trial seeded(long changed) {
        return new Trial(name, changed, type, weightType, run);
    }
}
