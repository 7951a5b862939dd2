package dev.tandem.bench.peer;

import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.LayerNorm;
import java.util.List;

/// Normalization by Tandem.
final class TandemLayerNorm extends TandemContestant {
    private final LayerQuestion.LayerNorm question;
    private final Tensor y;
    private final LayerNorm.Saved saved;
    private final Tensor x;
    private final Tensor gain;
    private final Tensor bias;
    private final Tensor dx;
    private final Tensor dGain;
    private final Tensor dBias;
    private final Tensor dy;

    TandemLayerNorm(Setting setting, LayerQuestion.LayerNorm question) {
        super(setting);
        this.question = question;
        int N = question.N();
        int C = question.C();
        this.y = room().activation("y", N, C);
        this.saved = new LayerNorm.Saved(room().activation("mean", N), room().activation("rstd", N));
        this.x = tensor("x", Role.ACTIVATION, question.x(), N, C);
        this.gain = tensor("gain", Role.STATE, question.gain(), C);
        this.bias = tensor("bias", Role.STATE, question.bias(), C);
        this.dx = room().activation("dx", N, C);
        this.dGain = tensor("dGain", Role.STATE, new float[C], C);
        this.dBias = tensor("dBias", Role.STATE, new float[C], C);
        this.dy = tensor("dy", Role.ACTIVATION, question.dy(), N, C);
    }

    @Override
    protected void compute() {
        var norm = kernels().layerNorm();
        norm.forward(y, saved, x, gain, bias, (float) LayerQuestion.LayerNorm.EPSILON);
        if (question.backward()) {
            norm.backward(dx, dGain, dBias, dy, saved, x, gain);
        }
    }

    @Override
    protected List<Answer> results() {
        return question.backward()
                ? List.of(answer("y", y), answer("dx", dx), answer("dGain", dGain), answer("dBias", dBias))
                : List.of(answer("y", y));
    }
}
