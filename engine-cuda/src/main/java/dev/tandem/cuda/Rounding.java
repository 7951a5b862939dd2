package dev.tandem.cuda;

import dev.tandem.engine.Tensor;

/// `round.cu`: F32 to BF16, bound by bytes, 6 for each element.
final class Rounding {
    private final CudaKernel<Round> round;

    record Round(DeviceAddress y, DeviceAddress x, long count) {}

    Rounding(CudaQueue queue) {
        round = queue.kernel("round.cu", "round_bf16", Round.class);
    }

    /// `y[i] = x[i]`, to the nearest.
    void round(Tensor y, DeviceAddress x) {
        round(DeviceAddress.of(y), x, y.shape().elements());
    }

    /// The same for so many elements.
    void round(DeviceAddress y, DeviceAddress x, long count) {
        round.launch(Grid.coveringFours(count), new Round(y, x, count));
    }
}
