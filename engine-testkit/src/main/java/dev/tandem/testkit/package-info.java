/// The float64 reference backend, and one contract per operation.
@NullMarked
package dev.tandem.testkit;

import org.jspecify.annotations.NullMarked;
