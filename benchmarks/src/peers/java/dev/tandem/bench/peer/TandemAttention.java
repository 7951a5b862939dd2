package dev.tandem.bench.peer;

import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import java.util.List;
import java.util.Optional;

/// Attention by Tandem.
final class TandemAttention extends TandemContestant {
    private final LayerQuestion.Attention question;
    private final Tensor y;
    private final Tensor logSumExp;
    private final Tensor qkv;
    private final Tensor dqkv;
    private final Tensor dy;

    TandemAttention(Setting setting, LayerQuestion.Attention question) {
        super(setting);
        this.question = question;
        int B = question.B();
        int T = question.T();
        int C = question.C();
        this.y = room().activation("y", B, T, C);
        this.logSumExp = room().activation("logSumExp", B, question.H(), T);
        this.dqkv = room().activation("dqkv", B, T, 3 * C);
        this.qkv = tensor("qkv", Role.ACTIVATION, question.qkv(), B, T, 3 * C);
        this.dy = tensor("dy", Role.ACTIVATION, question.dy(), B, T, C);
    }

    @Override
    protected void compute() {
        var attention = kernels().attention();
        attention.forward(y, logSumExp, qkv, Optional.empty(), question.H(), 0, 0, 0);
        if (question.backward()) {
            attention.backward(dqkv, dy, y, logSumExp, qkv, Optional.empty(), question.H(), 0, 0, 0);
        }
    }

    @Override
    protected List<Answer> results() {
        return question.backward() ? List.of(answer("y", y), answer("dqkv", dqkv)) : List.of(answer("y", y));
    }
}
