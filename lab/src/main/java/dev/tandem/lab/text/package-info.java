/// Tokenizers: from bytes of text to token ids and back.
@NullMarked
package dev.tandem.lab.text;

import org.jspecify.annotations.NullMarked;
