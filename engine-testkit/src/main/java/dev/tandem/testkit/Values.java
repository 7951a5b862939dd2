package dev.tandem.testkit;

import dev.tandem.engine.Bf16;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;

/// The doubles of one reference tensor, counted from its first element. What is stored to a tensor of
/// BF16 is rounded there and then.
final class Values {
    private final double[] array;
    private final int first;
    private final int size;
    private final boolean rounded;

    private Values(double[] array, int first, int size, boolean rounded) {
        this.array = array;
        this.first = first;
        this.size = size;
        this.rounded = rounded;
    }

    static Values of(Tensor tensor) {
        var storage = (ReferenceStorage) tensor.storage();
        return new Values(
                storage.doubles(),
                Math.toIntExact(tensor.offset()),
                Math.toIntExact(tensor.shape().elements()),
                tensor.type() == ElementType.BF16);
    }

    int size() {
        return size;
    }

    double get(int index) {
        return array[first + index];
    }

    void set(int index, double value) {
        array[first + index] = rounded ? Bf16.round((float) value) : value;
    }

    void add(int index, double value) {
        set(index, get(index) + value);
    }
}
