/// One abstract JUnit class per operation, and what they are made of. A backend proves itself by
/// subclasses of three lines. Needs JUnit and AssertJ, which nothing else in the testkit does.
@NullMarked
package dev.tandem.testkit.contract;

import org.jspecify.annotations.NullMarked;
