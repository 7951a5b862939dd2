/// What the packages of the lab share: the error that a user can mend.
@NullMarked
package dev.tandem.lab;

import org.jspecify.annotations.NullMarked;
