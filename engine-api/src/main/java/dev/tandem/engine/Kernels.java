package dev.tandem.engine;

import dev.tandem.engine.kernel.AdamW;
import dev.tandem.engine.kernel.Add;
import dev.tandem.engine.kernel.Attention;
import dev.tandem.engine.kernel.CrossEntropy;
import dev.tandem.engine.kernel.Dispatch;
import dev.tandem.engine.kernel.Dropout;
import dev.tandem.engine.kernel.Embedding;
import dev.tandem.engine.kernel.ExpertFeedForward;
import dev.tandem.engine.kernel.ExpertLinear;
import dev.tandem.engine.kernel.Fill;
import dev.tandem.engine.kernel.Gate;
import dev.tandem.engine.kernel.Gelu;
import dev.tandem.engine.kernel.GradientNorm;
import dev.tandem.engine.kernel.LayerNorm;
import dev.tandem.engine.kernel.Linear;

/// The operations a device offers. There is no optional one: a missing kernel is a compile error.
///
/// What holds for all of them:
///
/// - **Order of operands**: outputs, saved, inputs, parameters, scalars.
/// - **Rows**: an operand given as `[N, C]` may have any leading dimensions whose product is N,
///   such as `[B, T, C]`.
/// - **Gradients**: those of parameters *accumulate*, those of activations *overwrite*.
/// - **Aliasing**: an output may be the same tensor as an input only where the kernel says so;
///   other overlap leaves unspecified values, never anything worse.
/// - **Precision**: the activations of a call, their gradients and the weights that it multiplies
///   by have one type, `W` in the tables: `F32`, or `BF16` where [Backend#offers] it. Everything else
///   is F32 in either case: gradients of parameters, biases and gains, position tables, parameters
///   and moments of [AdamW], saved statistics, losses, all that a [Gate] computes with. Logits are
///   never rounded: [Linear#forward] writes F32 from BF16 operands too, and only their gradients are
///   `W` again. A weight of a forward product may take fewer bytes than its activations: where `W` is
///   F32, `BF16` or `Q8` as [Backend#offersWeights] says. Such weights are written by upload alone; every
///   other use of them is refused. Sums are taken in F32 or wider, and a value is rounded once, to the
///   nearest and ties to even, when it is stored. Nothing is converted in silence: an operand of another
///   type is refused.
/// - **Repeatability**: equal inputs give equal bits on the same device, whatever the number of
///   threads.
/// - **Errors**: `IllegalArgumentException` if an operand disagrees with the table or belongs
///   to another backend, `IllegalStateException` if its region is closed; nothing has been
///   written then. Integers inside tensors (ids, targets, routing) are verified by the kernel;
///   one out of range raises `IllegalArgumentException` at the latest from the next
///   [Backend#synchronize] or download.
public record Kernels(
        Fill fill,
        Embedding embedding,
        LayerNorm layerNorm,
        Linear linear,
        Attention attention,
        Gelu gelu,
        Add add,
        Dropout dropout,
        Gate gate,
        Dispatch dispatch,
        ExpertLinear expertLinear,
        ExpertFeedForward expertFeedForward,
        CrossEntropy crossEntropy,
        GradientNorm gradientNorm,
        AdamW adamW) {}
