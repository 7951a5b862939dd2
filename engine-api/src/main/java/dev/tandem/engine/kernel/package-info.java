/// One interface per operation, its forward and its backward together.
///
/// Letters in shapes: `B` sequences, `T` positions, `N = B·T` tokens, `V` vocabulary, `C`
/// channels, `H` heads, `D = C/H`, `F` feed-forward width, `E` experts, `K` experts per token,
/// `S` slots per expert, `R` expert rows.
///
/// Small numbers: a backend may compute 0 where a power of a softmax, relative to the largest one,
/// or the tail of a GELU is below 2^-64, and where a moment of [AdamW] is below the smallest normal
/// number. Some processors multiply subnormal numbers a hundred times more slowly, and results so
/// far below F32's last place are not worth that; the contracts do not ask for them.
///
/// In columns of types, `W` is the working type of the call, F32 or BF16, the same for all its `W`
/// operands. `W⁻` is that type or, where it is F32, one of fewer bytes that the backend offers for
/// weights. Weights are tensors of the role WEIGHT; see [dev.tandem.engine.Kernels].
@NullMarked
package dev.tandem.engine.kernel;

import org.jspecify.annotations.NullMarked;
