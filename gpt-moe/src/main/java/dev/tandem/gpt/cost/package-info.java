/// What a configuration costs, before anything is allocated: parameters, FLOPs, bytes.
@NullMarked
package dev.tandem.gpt.cost;

import org.jspecify.annotations.NullMarked;
