package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import java.util.Optional;

/// The tiled kernels of attention for one width of head and one type, and their grids.
interface AttentionWidth {
    /// Whether a head of D channels needs no wider kernels.
    boolean holds(int D);

    /// Enqueues the forward of so many heads of all sequences.
    void forward(int heads, Forward arguments);

    /// Enqueues the backward of so many heads of all sequences.
    void backward(int heads, Backward arguments);

    record Forward(
            Tensor y,
            Optional<Tensor> logSumExp,
            DeviceAddress q,
            DeviceAddress k,
            DeviceAddress v,
            Optional<Tensor> padding,
            long qStride,
            long kStride,
            long seed,
            long stream,
            int T,
            int start,
            int capacity,
            int H,
            int D,
            float scale,
            float dropout,
            float keptScale) {}

    record Backward(
            Tensor dqkv,
            DeviceAddress delta,
            DeviceAddress factor,
            Tensor dy,
            Tensor y,
            Tensor logSumExp,
            Tensor qkv,
            Optional<Tensor> padding,
            long seed,
            long stream,
            int T,
            int H,
            int D,
            float scale,
            float dropout,
            float keptScale) {}
}
