/// The command line.
@NullMarked
package dev.tandem.lab.cli;

import org.jspecify.annotations.NullMarked;
