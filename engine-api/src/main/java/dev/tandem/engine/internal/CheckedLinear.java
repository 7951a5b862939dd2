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
            product("y", y, x, weight, bias);
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
            product("y", y, x, weight, bias);
            matrix(
                    "preActivation",
                    preActivation,
                    ElementType.F32,
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
            product("dy", dy, dx, weight, Optional.empty());
            kernel.backwardData(dx, dy, weight);
        } finally {
            exit();
        }
    }

    @Override
    public void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x) {
        enter();
        try {
            product("dy", dy, x, dWeight, dBias);
            kernel.backwardWeight(dWeight, dBias, dy, x);
        } finally {
            exit();
        }
    }

    private void product(String operand, Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias) {
        whole("weight", weight, 2);
        int out = weight.shape().extent(0);
        floats("x", x);
        matrix("x", x, ElementType.F32, x.shape().rows(), weight.shape().extent(1));
        matrix(operand, y, ElementType.F32, x.shape().rows(), out);
        vector("bias", bias, ElementType.F32, out);
    }
}
