/// What the machine can do at best, and what else it was doing: measured beside every round of a
/// benchmark.
@NullMarked
package dev.tandem.bench.machine;

import org.jspecify.annotations.NullMarked;
