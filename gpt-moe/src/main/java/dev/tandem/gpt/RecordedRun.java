package dev.tandem.gpt;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Tensor;
import java.util.Map;

/// A recorded run of a model: what to compute, and where the results go.
///
/// The recording is that of the test vectors of kind `model`; whoever reads the file supplies it.
///
/// @param options by name, such as `vocab` or `train_gate.second_policy`
/// @param inputs the recorded tensors
/// @param results takes what was computed
public record RecordedRun(Map<String, String> options, Inputs inputs, Results results) {
    /// The recorded tensors by name, row-major.
    public interface Inputs {
        /// Values of an `F32` tensor.
        float[] floats(String name);

        /// Values of an `I32` tensor.
        int[] integers(String name);
    }

    /// Takes results by the names they were recorded under.
    public interface Results {
        /// A result in device memory, valid during the call.
        void tensor(String name, Tensor tensor);

        /// A result that was summed on the host.
        void reals(String name, double[] values);

        /// Ids, expert numbers, flags.
        void integers(String name, int[] values);
    }

    /// Keeps a copy of the options.
    public RecordedRun {
        options = Map.copyOf(options);
    }

    /// Repeats the run on a backend: decoding, evaluation, gradients, updates.
    ///
    /// @throws IllegalArgumentException if an option is missing or has a value that no model takes
    public void replay(Backend backend) {
        replay(backend, Precision.F32);
    }

    /// The same by a model that computes in a precision, whatever the recorded one did.
    ///
    /// @throws IllegalArgumentException if an option is missing or has a value that no model takes, or the
    ///     backend does not compute in that precision
    public void replay(Backend backend, Precision precision) {
        new Replay(backend, this, precision).run();
    }

    String option(String name) {
        String value = options.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the recording lacks the option " + name);
        }
        return value;
    }

    int integer(String name) {
        return (int) number(name);
    }

    double number(String name) {
        try {
            return Double.parseDouble(option(name));
        } catch (NumberFormatException malformed) {
            throw new IllegalArgumentException(name + " must be a number, was " + option(name), malformed);
        }
    }

    boolean flag(String name) {
        return switch (option(name)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(name + " must be true or false, was " + option(name));
        };
    }

    double[] numbers(String name) {
        String[] parts = option(name).replace('[', ' ').replace(']', ' ').split(",", -1);
        var numbers = new double[parts.length];
        for (int i = 0; i < parts.length; i++) {
            try {
                numbers[i] = Double.parseDouble(parts[i].strip());
            } catch (NumberFormatException malformed) {
                throw new IllegalArgumentException(name + " must be a list of numbers, was " + option(name), malformed);
            }
        }
        return numbers;
    }

    /// One of several words.
    <E extends Enum<E>> E word(String name, Map<String, E> words) {
        E value = words.get(option(name));
        if (value == null) {
            throw new IllegalArgumentException(name + " must be one of " + words.keySet() + ", was " + option(name));
        }
        return value;
    }
}
