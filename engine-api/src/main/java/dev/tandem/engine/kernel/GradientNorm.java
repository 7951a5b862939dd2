package dev.tandem.engine.kernel;

import dev.tandem.engine.Tensor;
import java.util.List;

/// Global norm over all gradients and the factor that clips it; both stay on the device.
///
///     norm[0] = √(Σ over gradients g of Σ_i (scale_g · g[i])²)
///     norm[1] = min(1, clip / (norm[0] + 1e-6)), or 1 where clip = 0
///
/// | operand             | shape | type   | access                              |
/// |---------------------|-------|--------|-------------------------------------|
/// | `norm`              | `[2]` | F32    | overwritten; squares summed in F64  |
/// | `gradients[].tensor`| any   | WEIGHT or F32 | read                         |
public interface GradientNorm {
    /// One gradient of the sum.
    ///
    /// @param tensor the gradient
    /// @param scale factor applied before the norm is taken, see [AdamW#update]
    record Gradient(Tensor tensor, float scale) {}

    /// Norm and clip factor.
    void forward(Tensor norm, List<Gradient> gradients, float clip);
}
