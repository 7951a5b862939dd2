package dev.tandem.testkit;

import dev.tandem.engine.Tensor;

/// The doubles of one reference tensor, counted from its first element.
final class Values {
    private final double[] array;
    private final int first;
    private final int size;

    private Values(double[] array, int first, int size) {
        this.array = array;
        this.first = first;
        this.size = size;
    }

    static Values of(Tensor tensor) {
        var storage = (ReferenceStorage) tensor.storage();
        return new Values(
                storage.doubles(),
                Math.toIntExact(tensor.offset()),
                Math.toIntExact(tensor.shape().elements()));
    }

    int size() {
        return size;
    }

    double get(int index) {
        return array[first + index];
    }

    void set(int index, double value) {
        array[first + index] = value;
    }

    void add(int index, double value) {
        array[first + index] += value;
    }
}
