/// Questions about speed: what they have in common, and the command that puts them.
@NullMarked
package dev.tandem.bench;

import org.jspecify.annotations.NullMarked;
