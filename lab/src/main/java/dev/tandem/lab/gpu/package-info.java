/// The check of a GPU machine: correctness, determinism, speed and peers, in one report.
@NullMarked
package dev.tandem.lab.gpu;

import org.jspecify.annotations.NullMarked;
