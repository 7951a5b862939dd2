package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Role;
import dev.tandem.engine.Shape;
import dev.tandem.engine.Tensor;
import java.util.Optional;

/// What the decorators share: begin and end of a call, and the checks of a kernel's operand table.
///
/// Checks take extents one by one, not as an array, so that a valid call allocates nothing.
abstract class Checked {
    private final Guard guard;
    private final Backend backend;
    private final String kernel;

    Checked(Guard guard, Backend backend, String kernel) {
        this.guard = guard;
        this.backend = backend;
        this.kernel = kernel;
    }

    final void enter() {
        guard.enter(kernel);
    }

    final void exit() {
        guard.exit();
    }

    /// A tensor of this backend in an open region, of the type wanted.
    final void usable(String operand, Tensor tensor, ElementType type) {
        guard.usable(kernel, operand, tensor, backend);
        if (tensor.type() != type) {
            throw mixed(operand, type, tensor);
        }
    }

    /// A usable tensor of F32 or BF16, whatever its role. Gives its type, which other operands of the call
    /// may have to share.
    final ElementType floating(String operand, Tensor tensor) {
        guard.usable(kernel, operand, tensor, backend);
        computable(operand, tensor);
        if (tensor.type() == ElementType.I32) {
            throw wrong(operand, "F32 or BF16 " + tensor.shape(), tensor);
        }
        return tensor.type();
    }

    /// Refuses weights in a type that the backend only multiplies by.
    final void computable(String operand, Tensor tensor) {
        if (!backend.offers(tensor.type())) {
            throw multiplicand(operand, tensor);
        }
    }

    /// The type that a weight must have in a forward product: that of the activations, or beside F32 any that
    /// the backend offers for weights.
    final ElementType weightType(ElementType activations, Tensor weight) {
        boolean smaller = activations == ElementType.F32 && backend.offersWeights(weight.type());
        return smaller ? weight.type() : activations;
    }

    /// As [#floating], in row-major order: anything but a weight.
    final ElementType working(String operand, Tensor tensor) {
        ElementType type = floating(operand, tensor);
        rowMajor(operand, tensor, type);
        return type;
    }

    /// A usable tensor in row-major order: anything but a weight.
    final void rowMajor(String operand, Tensor tensor, ElementType type) {
        usable(operand, tensor, type);
        if (tensor.storage().role() == Role.WEIGHT) {
            throw new IllegalArgumentException("%s: %s '%s' must not have the role WEIGHT, whose layout is the device's"
                    .formatted(kernel, operand, tensor.name()));
        }
    }

    /// `[d0]`, row-major.
    final void vector(String operand, Tensor tensor, ElementType type, int d0) {
        rowMajor(operand, tensor, type);
        Shape shape = tensor.shape();
        if (shape.rank() != 1 || shape.extent(0) != d0) {
            throw wrong(operand, type + " [" + d0 + "]", tensor);
        }
    }

    final void vector(String operand, Optional<Tensor> tensor, ElementType type, int d0) {
        if (tensor.isPresent()) {
            vector(operand, tensor.get(), type, d0);
        }
    }

    /// Any leading dimensions whose product is `rows`, then `columns`; row-major.
    final void matrix(String operand, Tensor tensor, ElementType type, long rows, int columns) {
        rowMajor(operand, tensor, type);
        Shape shape = tensor.shape();
        if (shape.rank() < 2 || shape.last() != columns || shape.rows() != rows) {
            throw wrong(operand, type + " [" + rows + ", " + columns + "]", tensor);
        }
    }

    final void matrix(String operand, Optional<Tensor> tensor, ElementType type, long rows, int columns) {
        if (tensor.isPresent()) {
            matrix(operand, tensor.get(), type, rows, columns);
        }
    }

    /// Exactly `[d0, d1, d2]`, row-major.
    final void cube(String operand, Tensor tensor, ElementType type, int d0, int d1, int d2) {
        rowMajor(operand, tensor, type);
        Shape shape = tensor.shape();
        if (shape.rank() != 3 || shape.extent(0) != d0 || shape.extent(1) != d1 || shape.extent(2) != d2) {
            throw wrong(operand, type + " [" + d0 + ", " + d1 + ", " + d2 + "]", tensor);
        }
    }

    /// A stack of weights `[E, out, in]`.
    final void weights(String operand, Tensor tensor, ElementType type, int E, int out, int in) {
        whole(operand, tensor, type, 3);
        Shape shape = tensor.shape();
        if (shape.extent(0) != E || shape.extent(1) != out || shape.extent(2) != in) {
            throw wrong(operand, type + " weight [" + E + ", " + out + ", " + in + "]", tensor);
        }
    }

    /// A weight of `rank` dimensions that covers whole matrices of its allocation.
    final void whole(String operand, Tensor tensor, ElementType type, int rank) {
        usable(operand, tensor, type);
        if (tensor.storage().role() != Role.WEIGHT) {
            throw new IllegalArgumentException("%s: %s '%s' must have the role WEIGHT, has %s"
                    .formatted(kernel, operand, tensor.name(), tensor.storage().role()));
        }
        Shape shape = tensor.shape();
        Shape allocated = tensor.storage().shape();
        int in = allocated.last();
        int out = allocated.extent(allocated.rank() - 2);
        boolean matrices = shape.rank() == rank
                && shape.last() == in
                && shape.extent(rank - 2) == out
                && tensor.offset() % ((long) out * in) == 0;
        if (!matrices) {
            throw wrong(operand, "whole matrices [" + out + ", " + in + "] of its allocation", tensor);
        }
    }

    /// The shape, type and layout of another operand.
    final void same(String operand, Tensor tensor, String otherOperand, Tensor other) {
        same(operand, tensor, other.type(), otherOperand, other);
    }

    /// The shape and layout of another operand, in a type of its own.
    final void same(String operand, Tensor tensor, ElementType type, String otherOperand, Tensor other) {
        usable(operand, tensor, type);
        boolean weight = tensor.storage().role() == Role.WEIGHT;
        boolean otherWeight = other.storage().role() == Role.WEIGHT;
        if (!tensor.shape().equals(other.shape()) || weight != otherWeight) {
            throw wrong(
                    operand, "like " + otherOperand + " " + other.shape() + (otherWeight ? " (weight)" : ""), tensor);
        }
    }

    /// Both in row-major order with equally many elements of one type.
    final void sameElements(String operand, Tensor tensor, String otherOperand, Tensor other) {
        rowMajor(operand, tensor, other.type());
        if (tensor.shape().elements() != other.shape().elements()) {
            throw wrong(operand, "like " + otherOperand + " " + other.shape(), tensor);
        }
    }

    /// Refuses `condition == false`; the message is made by the caller only then.
    final IllegalArgumentException refuse(String message) {
        return new IllegalArgumentException(kernel + ": " + message);
    }

    final void probability(float probability) {
        if (!(probability >= 0 && probability < 1)) {
            throw refuse("the dropout probability must be in [0, 1), was " + probability);
        }
    }

    private IllegalArgumentException multiplicand(String operand, Tensor found) {
        return new IllegalArgumentException(
                "%s: %s '%s' is a weight in %s, which only forward products read; use a weight in F32 here, and upload"
                                .formatted(kernel, operand, found.name(), found.type())
                        + " its values into this one");
    }

    private IllegalArgumentException wrong(String operand, String wanted, Tensor found) {
        return new IllegalArgumentException("%s: %s must be %s, was '%s' %s %s"
                .formatted(kernel, operand, wanted, found.name(), found.type(), found.shape()));
    }

    /// For a tensor of another type than `type`. Two floating types need a word more: why the one is no
    /// good where the other is.
    private IllegalArgumentException mixed(String operand, ElementType type, Tensor found) {
        IllegalArgumentException plain = wrong(operand, type + " " + found.shape(), found);
        if (type == ElementType.I32 || found.type() == ElementType.I32) {
            return plain;
        }
        if (!backend.offers(found.type())) {
            return multiplicand(operand, found);
        }
        return new IllegalArgumentException(plain.getMessage()
                + ": activations and weights of a call have one type, all else is F32; allocate it as " + type);
    }
}
