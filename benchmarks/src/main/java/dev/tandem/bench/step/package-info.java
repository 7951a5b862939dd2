/// What kernels add up to: the MoE layer, a training step, prefill and decode.
@NullMarked
package dev.tandem.bench.step;

import org.jspecify.annotations.NullMarked;
