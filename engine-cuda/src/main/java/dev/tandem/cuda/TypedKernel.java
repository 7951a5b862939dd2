package dev.tandem.cuda;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;

/// One kernel for activations of F32 and of BF16, which differ in what the pointers of their arguments
/// lead to. The latter has `_bf16` behind its name.
///
/// @param <A> the arguments
record TypedKernel<A extends Record>(CudaKernel<A> f32, CudaKernel<A> bf16) {
    /// Both by their file, the name of the first, and the record that mirrors their arguments.
    static <A extends Record> TypedKernel<A> of(CudaQueue queue, String source, String name, Class<A> arguments) {
        return new TypedKernel<>(
                queue.kernel(source, name, arguments), queue.kernel(source, name + "_bf16", arguments));
    }

    /// The one for activations like this.
    CudaKernel<A> of(Tensor activation) {
        return of(activation.type());
    }

    /// The one for activations of a type.
    CudaKernel<A> of(ElementType type) {
        return switch (type) {
            case F32 -> f32;
            case BF16 -> bf16;
            case I32, Q8 -> throw new IllegalArgumentException("activations are floats, not " + type);
        };
    }
}
