/// Decorators around a device's kernels: validation, tracing.
@NullMarked
package dev.tandem.engine.internal;

import org.jspecify.annotations.NullMarked;
