package dev.tandem.bench.peer;

import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import java.util.List;

/// Loss and its gradient by Tandem.
final class TandemCrossEntropy extends TandemContestant {
    private final LayerQuestion.CrossEntropy question;
    private final Tensor total;
    private final Tensor loss;
    private final Tensor logSumExp;
    private final Tensor logits;
    private final Tensor targets;
    private final Tensor dLogits;

    TandemCrossEntropy(Setting setting, LayerQuestion.CrossEntropy question) {
        super(setting);
        this.question = question;
        int N = question.N();
        int V = question.V();
        this.total = room().activation("total", 1);
        this.loss = room().activation("loss", N);
        this.logSumExp = room().activation("logSumExp", N);
        this.logits = tensor("logits", Role.ACTIVATION, question.logits(), N, V);
        this.targets = room().integers("targets", question.targets(), N);
        this.dLogits = room().activation("dLogits", N, V);
    }

    @Override
    protected void compute() {
        var crossEntropy = kernels().crossEntropy();
        crossEntropy.forward(total, loss, logSumExp, logits, targets);
        crossEntropy.backward(dLogits, logSumExp, logits, targets, 1f / question.N());
    }

    @Override
    protected List<Answer> results() {
        float mean = backend().floats(total)[0] / question.N();
        return List.of(
                new Answer("loss", new float[] {mean}),
                answer("dLogits", dLogits.slice(0, LayerQuestion.CrossEntropy.CHECKED_ROWS)));
    }
}
