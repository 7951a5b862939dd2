/// One class per kernel interface, forward and backward.
@NullMarked
package dev.tandem.bench.kernel;

import org.jspecify.annotations.NullMarked;
