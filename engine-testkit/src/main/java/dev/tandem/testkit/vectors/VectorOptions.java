package dev.tandem.testkit.vectors;

import dev.tandem.engine.kernel.Capacity;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.engine.kernel.SecondPolicy;

/// The options that files of several kinds have in common.
public final class VectorOptions {
    private static final double GATE_FLOOR = 0x1p-23;

    private VectorOptions() {}

    /// The gate of a file.
    ///
    /// @param prefix in front of the options' names, such as `train_gate.`
    /// @param compact how the expert rows are to lie
    /// @throws MalformedVector if an option is missing or unknown
    public static GateOptions gate(VectorFile file, String prefix, boolean compact) {
        if (file.number(prefix + "eps") != GATE_FLOOR) {
            throw new MalformedVector(
                    "the floor of the gate's denominator must be 2^-23, is " + file.option(prefix + "eps"));
        }
        double fraction = file.number(prefix + "eval_capacity_fraction");
        Capacity capacity = file.flag(prefix + "eval_mode") && fraction > 0
                ? new Capacity.Fraction(fraction)
                : new Capacity.Training(file.number(prefix + "capacity_factor"));
        return new GateOptions(
                2,
                secondPolicy(file.option(prefix + "second_policy")),
                file.flag(prefix + "normalize_before_dropping"),
                file.flag(prefix + "batch_prioritized"),
                capacity,
                compact);
    }

    /// The `gelu` of a file.
    ///
    /// @throws MalformedVector if it is missing or unknown
    public static GeluForm gelu(VectorFile file) {
        return switch (file.option("gelu")) {
            case "erf" -> GeluForm.ERF;
            case "tanh" -> GeluForm.TANH;
            default -> throw new MalformedVector("gelu must be erf or tanh, is '%s'".formatted(file.option("gelu")));
        };
    }

    private static SecondPolicy secondPolicy(String name) {
        return switch (name) {
            case "all" -> SecondPolicy.ALL;
            case "sampling" -> SecondPolicy.SAMPLING;
            case "random" -> SecondPolicy.RANDOM;
            default ->
                throw new MalformedVector("second_policy must be all, sampling or random, is '%s'".formatted(name));
        };
    }
}
