/// The same questions, put to other libraries.
@NullMarked
package dev.tandem.bench.peer;

import org.jspecify.annotations.NullMarked;
