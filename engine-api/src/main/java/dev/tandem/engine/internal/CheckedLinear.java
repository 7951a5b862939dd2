package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.engine.kernel.Linear;
import java.util.Optional;

final class CheckedLinear extends Checked implements Linear {
    private final Linear kernel;

    CheckedLinear(Linear kernel, Guard guard, Backend backend) {
        super(guard, backend, "Linear");
        this.kernel = kernel;
    }

    @Override
    public void forward(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias) {
        enter();
        try {
            ElementType type = working("x", x);
            ElementType wide = working("y", y) == ElementType.F32 ? ElementType.F32 : type;
            product("y", y, wide, x, weight, weightType(type, weight), bias);
            kernel.forward(y, x, weight, bias);
        } finally {
            exit();
        }
    }

    @Override
    public void forwardGelu(
            Tensor y, Optional<Tensor> preActivation, Tensor x, Tensor weight, Optional<Tensor> bias, GeluForm form) {
        enter();
        try {
            ElementType type = working("x", x);
            product("y", y, type, x, weight, weightType(type, weight), bias);
            matrix(
                    "preActivation",
                    preActivation,
                    type,
                    y.shape().rows(),
                    y.shape().last());
            kernel.forwardGelu(y, preActivation, x, weight, bias, form);
        } finally {
            exit();
        }
    }

    @Override
    public void backwardData(Tensor dx, Tensor dy, Tensor weight) {
        enter();
        try {
            ElementType type = working("dx", dx);
            product("dy", dy, type, dx, weight, type, Optional.empty());
            kernel.backwardData(dx, dy, weight);
        } finally {
            exit();
        }
    }

    @Override
    public void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x) {
        enter();
        try {
            product("dy", dy, working("x", x), x, dWeight, ElementType.F32, dBias);
            kernel.backwardWeight(dWeight, dBias, dy, x);
        } finally {
            exit();
        }
    }

    private void product(
            String operand,
            Tensor y,
            ElementType type,
            Tensor x,
            Tensor weight,
            ElementType weightType,
            Optional<Tensor> bias) {
        whole("weight", weight, weightType, 2);
        int out = weight.shape().extent(0);
        matrix("x", x, x.type(), x.shape().rows(), weight.shape().extent(1));
        matrix(operand, y, type, x.shape().rows(), out);
        vector("bias", bias, ElementType.F32, out);
    }
}
