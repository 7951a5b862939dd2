/// The engine's seam: devices, their memory, and the kernels of a GPT with experts.
@NullMarked
package dev.tandem.engine;

import org.jspecify.annotations.NullMarked;
