package dev.tandem.testkit;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;

/// The oracle: every kernel in float64, scalar, on one thread, straight from its documented
/// formula.
///
/// It is a full [Backend], but no provider offers it, so nothing falls back on it. `F32` tensors
/// hold doubles: values arrive by [Backend#upload] as floats, are kept and computed as doubles, and
/// leave by [Backend#floats] rounded or by [#doubles] as they are. `BF16` tensors do as well, but what
/// is stored to them is rounded to BF16. `Q8` tensors hold what [Backend#upload] has left of the values.
public final class ReferenceBackend {
    /// The name of the backend it opens.
    public static final String NAME = ReferenceDevice.NAME;

    private ReferenceBackend() {}

    /// Opens a new oracle.
    public static Backend open() {
        return Backend.of(new ReferenceDevice());
    }

    /// Whether a tensor lives in the memory of an oracle.
    public static boolean holds(Tensor tensor) {
        return tensor.storage() instanceof ReferenceStorage;
    }

    /// The values of a tensor of floats of an oracle, as they are.
    ///
    /// @throws IllegalArgumentException if it is none
    public static double[] doubles(Tensor tensor) {
        Values values = values(tensor);
        double[] copy = new double[values.size()];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = values.get(i);
        }
        return copy;
    }

    /// Sets all values of an `F32` or `BF16` tensor of an oracle.
    ///
    /// @throws IllegalArgumentException if it is none, or the number of values differs
    public static void set(Tensor tensor, double... source) {
        Values values = settable(tensor);
        if (source.length != values.size()) {
            throw new IllegalArgumentException("tensor '%s' %s has %d elements, not %d"
                    .formatted(tensor.name(), tensor.shape(), values.size(), source.length));
        }
        for (int i = 0; i < source.length; i++) {
            values.set(i, source[i]);
        }
    }

    /// One value of a tensor of floats of an oracle, by its row-major index.
    public static double get(Tensor tensor, int index) {
        return values(tensor).get(index);
    }

    /// Sets one value of an `F32` or `BF16` tensor of an oracle, by its row-major index.
    public static void set(Tensor tensor, int index, double value) {
        settable(tensor).set(index, value);
    }

    private static Values settable(Tensor tensor) {
        if (tensor.type() == ElementType.Q8) {
            throw new IllegalArgumentException(
                    "tensor '%s' is Q8, whose rows have a scale each; upload whole rows".formatted(tensor.name()));
        }
        return values(tensor);
    }

    private static Values values(Tensor tensor) {
        if (!(tensor.storage() instanceof ReferenceStorage storage) || storage.doubles().length == 0) {
            throw new IllegalArgumentException(
                    "tensor '%s' is no tensor of floats of the reference".formatted(tensor.name()));
        }
        return Values.of(tensor);
    }
}
