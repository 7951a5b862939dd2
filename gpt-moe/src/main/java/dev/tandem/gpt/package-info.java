/// GPT-3-style language models, dense and with experts, assembled from the engine's kernels.
///
/// Letters: `B` sequences, `T` positions, `N = B·T` tokens, `V` vocabulary, `L` blocks, `C`
/// channels, `H` heads, `D = C/H`, `F` feed-forward width, `E` experts, `K` experts per token, `S`
/// slots per expert, `R` expert rows. Token ids come in and logits, losses and gradients go out;
/// nothing here knows text or files.
@NullMarked
package dev.tandem.gpt;

import org.jspecify.annotations.NullMarked;
