package dev.tandem.testkit;

import dev.tandem.engine.Tensor;

/// The integers of one reference tensor, counted from its first element.
final class Integers {
    private final int[] array;
    private final int first;
    private final int size;

    private Integers(int[] array, int first, int size) {
        this.array = array;
        this.first = first;
        this.size = size;
    }

    static Integers of(Tensor tensor) {
        var storage = (ReferenceStorage) tensor.storage();
        return new Integers(
                storage.integers(),
                Math.toIntExact(tensor.offset()),
                Math.toIntExact(tensor.shape().elements()));
    }

    int size() {
        return size;
    }

    int get(int index) {
        return array[first + index];
    }

    void set(int index, int value) {
        array[first + index] = value;
    }

    /// The entry at `index`, which must lie in `low … high`.
    int verified(int index, int low, int high, String what) {
        int value = get(index);
        if (value < low || value > high) {
            throw new IllegalArgumentException(
                    "%s at %d must be in %d..%d, was %d".formatted(what, index, low, high, value));
        }
        return value;
    }
}
