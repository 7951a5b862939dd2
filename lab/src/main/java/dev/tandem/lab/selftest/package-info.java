/// What the self-test needs besides the testkit.
@NullMarked
package dev.tandem.lab.selftest;

import org.jspecify.annotations.NullMarked;
