package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLinear;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

final class CheckedExpertLinear extends Checked implements ExpertLinear {
    private final ExpertLinear kernel;

    CheckedExpertLinear(ExpertLinear kernel, Guard guard, Backend backend) {
        super(guard, backend, "ExpertLinear");
        this.kernel = kernel;
    }

    @Override
    public void forward(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias, ExpertRows rows) {
        enter();
        try {
            products("y", y, x, weight, weightType(working("x", x), weight), bias, rows);
            kernel.forward(y, x, weight, bias, rows);
        } finally {
            exit();
        }
    }

    @Override
    public void forwardGelu(
            Tensor y,
            Optional<Tensor> preActivation,
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            ExpertRows rows,
            GeluForm form) {
        enter();
        try {
            products("y", y, x, weight, weightType(working("x", x), weight), bias, rows);
            matrix(
                    "preActivation",
                    preActivation,
                    x.type(),
                    y.shape().rows(),
                    y.shape().last());
            kernel.forwardGelu(y, preActivation, x, weight, bias, rows, form);
        } finally {
            exit();
        }
    }

    @Override
    public void backwardData(Tensor dx, Tensor dy, Tensor weight, ExpertRows rows) {
        enter();
        try {
            products("dy", dy, dx, weight, working("dx", dx), Optional.empty(), rows);
            kernel.backwardData(dx, dy, weight, rows);
        } finally {
            exit();
        }
    }

    @Override
    public void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x, ExpertRows rows) {
        enter();
        try {
            products("dy", dy, x, dWeight, ElementType.F32, dBias, rows);
            kernel.backwardWeight(dWeight, dBias, dy, x, rows);
        } finally {
            exit();
        }
    }

    private void products(
            String operand,
            Tensor y,
            Tensor x,
            Tensor weight,
            ElementType weightType,
            Optional<Tensor> bias,
            ExpertRows rows) {
        ElementType type = working("x", x);
        whole("weight", weight, weightType, 3);
        int E = weight.shape().extent(0);
        int out = weight.shape().extent(1);
        long R = x.shape().rows();
        matrix("x", x, type, R, weight.shape().extent(2));
        matrix(operand, y, type, R, out);
        matrix("bias", bias, ElementType.F32, E, out);
        vector("rows.starts", rows.starts(), ElementType.I32, E);
        vector("rows.counts", rows.counts(), ElementType.I32, E);
        vector("rows.choiceOf", rows.choiceOf(), ElementType.I32, Math.toIntExact(R));
    }
}
