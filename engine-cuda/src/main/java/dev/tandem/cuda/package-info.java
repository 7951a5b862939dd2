/// The kernels on NVIDIA GPUs.
@NullMarked
package dev.tandem.cuda;

import org.jspecify.annotations.NullMarked;
