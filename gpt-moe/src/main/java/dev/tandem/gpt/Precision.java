package dev.tandem.gpt;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;

/// What activations, their gradients and the weights that products read are stored in.
///
/// With BF16 every matrix has an F32 master, which the optimizer updates, and a working copy, which the
/// same update renews. Vectors of parameters, gradients of parameters, moments, everything about gates but
/// the gradient of their logits, logits and losses are F32 in either case, and so are all sums.
public enum Precision {
    /// 4 bytes each.
    F32(ElementType.F32),
    /// 2 bytes each, on backends that offer it.
    BF16(ElementType.BF16);

    private final ElementType type;

    Precision(ElementType type) {
        this.type = type;
    }

    /// How an element is stored.
    public ElementType type() {
        return type;
    }

    /// Asks for a backend that computes so.
    ///
    /// @throws IllegalArgumentException if this one does not
    public void demandOf(Backend backend) {
        if (!backend.offers(type)) {
            throw new IllegalArgumentException(
                    "backend '%s' does not compute in %s: choose the precision F32, or another backend"
                            .formatted(backend.name(), this));
        }
    }
}
