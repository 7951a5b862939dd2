package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLinear;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;

final class ReferenceExpertLinear implements ExpertLinear {
    @Override
    public void forward(Tensor y, Tensor x, Tensor weight, Optional<Tensor> bias, ExpertRows rows) {
        forward(y, Optional.empty(), x, weight, bias, rows, sum -> sum);
    }

    private static void forward(
            Tensor y,
            Optional<Tensor> preActivation,
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            ExpertRows rows,
            DoubleUnaryOperator activation) {
        OwnedRows owned = OwnedRows.of(rows);
        for (int e = 0; e < owned.E(); e++) {
            int expert = e;
            Optional<Tensor> own = bias.map(stack -> stack.at(expert));
            ReferenceProduct.forward(
                    y, preActivation, x, owned.start(e), owned.count(e), weight.at(e), own, activation);
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
        forward(y, preActivation, x, weight, bias, rows, sum -> ReferenceGelu.value(sum, form));
    }

    @Override
    public void backwardData(Tensor dx, Tensor dy, Tensor weight, ExpertRows rows) {
        OwnedRows owned = OwnedRows.of(rows);
        for (int e = 0; e < owned.E(); e++) {
            ReferenceProduct.backwardData(dx, dy, owned.start(e), owned.count(e), weight.at(e));
        }
    }

    @Override
    public void backwardWeight(Tensor dWeight, Optional<Tensor> dBias, Tensor dy, Tensor x, ExpertRows rows) {
        OwnedRows owned = OwnedRows.of(rows);
        for (int e = 0; e < owned.E(); e++) {
            int expert = e;
            ReferenceProduct.backwardWeight(
                    dWeight.at(e), dBias.map(stack -> stack.at(expert)), dy, x, owned.start(e), owned.count(e));
        }
    }
}
