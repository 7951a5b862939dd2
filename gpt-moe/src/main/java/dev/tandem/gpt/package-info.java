/// The network: configuration, parameters, forward, backward and the training step.
@NullMarked
package dev.tandem.gpt;

import org.jspecify.annotations.NullMarked;
