package dev.tandem.bench.peer;

import dev.tandem.bench.step.MoeLayer;
import dev.tandem.engine.Backend;
import dev.tandem.engine.Tensor;
import java.util.ArrayList;
import java.util.List;

/// A layer of experts by Tandem.
final class TandemMoe extends TandemContestant {
    private final MoeQuestion question;
    private final MoeLayer layer;

    TandemMoe(Setting setting, MoeQuestion question) {
        super(setting);
        this.question = question;
        this.layer = new MoeLayer(
                room(),
                question.N(),
                question.C(),
                question.F(),
                question.E(),
                new MoeLayer.Options(question.load(), true, question.backward(), question.gelu()));
        upload(backend(), layer.operands(), new MoeOperands(question));
        if (question.backward()) {
            for (Tensor gradient : layer.gradients().accumulated()) {
                kernels().fill().constant(gradient, 0);
            }
        }
    }

    private static void upload(Backend backend, MoeLayer.Operands operands, MoeOperands values) {
        backend.upload(operands.x(), values.x());
        backend.upload(operands.dy(), values.dy());
        backend.upload(operands.gateWeight(), values.gateWeight());
        backend.upload(operands.gateBias(), values.gateBias());
        backend.upload(operands.weights().up(), values.up());
        backend.upload(operands.weights().upBias(), values.upBias());
        backend.upload(operands.weights().down(), values.down());
        backend.upload(operands.weights().downBias(), values.downBias());
    }

    @Override
    protected void compute() {
        if (question.backward()) {
            layer.forward();
            layer.backward();
        } else {
            layer.evaluate();
        }
    }

    @Override
    protected List<Answer> results() {
        var answers = new ArrayList<Answer>();
        MoeLayer.Operands operands = layer.operands();
        answers.add(Answer.histogram(backend().integers(operands.expert()), question.E()));
        answers.add(answer("y", operands.y()));
        if (question.backward()) {
            MoeLayer.Gradients gradients = layer.gradients();
            int last = question.E() - 1;
            answers.add(answer("dx", gradients.dx()));
            answers.add(answer("dGate", gradients.dGateWeight()));
            answers.add(
                    answer("dUp of the last expert", gradients.dWeights().up().at(last)));
            answers.add(answer(
                    "dDown of the last expert", gradients.dWeights().down().at(last)));
            answers.add(answer("dUpBias", gradients.dWeights().upBias()));
        }
        return answers;
    }
}
