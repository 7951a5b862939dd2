/// Questions about speed, one class each.
@NullMarked
package dev.tandem.bench;

import org.jspecify.annotations.NullMarked;
