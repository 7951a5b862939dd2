/// Test vectors: files of inputs, options and expected results, and the runners that put them to a
/// backend.
@NullMarked
package dev.tandem.testkit.vectors;

import org.jspecify.annotations.NullMarked;
