/// One interface per operation, its forward and its backward together.
///
/// Letters in shapes: `B` sequences, `T` positions, `N = B·T` tokens, `V` vocabulary, `C`
/// channels, `H` heads, `D = C/H`, `F` feed-forward width, `E` experts, `K` experts per token,
/// `S` slots per expert, `R` expert rows.
///
/// In columns of types, `W` is the working type of the call, F32 or BF16, the same for all its `W`
/// operands, and weights are tensors of the role WEIGHT; see [dev.tandem.engine.Kernels].
@NullMarked
package dev.tandem.engine.kernel;

import org.jspecify.annotations.NullMarked;
