/// The kernels on the CPU, with the Vector API on all cores.
@NullMarked
package dev.tandem.cpu;

import org.jspecify.annotations.NullMarked;
