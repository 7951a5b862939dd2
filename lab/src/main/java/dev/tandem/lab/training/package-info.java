/// Training models and comparing them at equal compute.
@NullMarked
package dev.tandem.lab.training;

import org.jspecify.annotations.NullMarked;
