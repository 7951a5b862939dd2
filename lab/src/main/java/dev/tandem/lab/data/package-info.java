/// Corpora, their split into training and validation, and batches of token blocks.
@NullMarked
package dev.tandem.lab.data;

import org.jspecify.annotations.NullMarked;
