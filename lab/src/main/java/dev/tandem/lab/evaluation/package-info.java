/// What is measured of a trained model: perplexity and the speedup factor.
@NullMarked
package dev.tandem.lab.evaluation;

import org.jspecify.annotations.NullMarked;
