package dev.tandem.bench.peer;

import java.util.List;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Normalization by libtorch.
final class TorchLayerNorm extends TorchContestant {
    private final LayerQuestion.LayerNorm question;
    private final Tensor x;
    private final Tensor gain;
    private final Tensor bias;
    private final Tensor dy;
    private Tensor y = new Tensor();

    TorchLayerNorm(Setting setting, LayerQuestion.LayerNorm question) {
        super(setting, question.backward());
        this.question = question;
        this.x = Torch.parameter(question.x(), question.N(), question.C());
        this.gain = Torch.parameter(question.gain(), question.C());
        this.bias = Torch.parameter(question.bias(), question.C());
        this.dy = Torch.tensor(question.dy(), question.N(), question.C());
    }

    @Override
    protected void compute() {
        if (question.backward()) {
            List.of(x, gain, bias).forEach(Torch::forget);
        }
        y = norm(x, gain, bias);
        if (question.backward()) {
            torch.backward(new TensorVector(y), new TensorVector(dy), new BoolOptional(), false, new TensorVector());
        }
    }

    /// Normalizes the rows of x.
    static Tensor norm(Tensor x, Tensor gain, Tensor bias) {
        return torch.layer_norm(
                x,
                new long[] {gain.size(0)},
                Torch.optional(gain),
                Torch.optional(bias),
                LayerQuestion.LayerNorm.EPSILON,
                true);
    }

    @Override
    public List<Answer> answers() {
        return computed(this::read);
    }

    private List<Answer> read() {
        var forward = new Answer("y", Torch.floats(y));
        return question.backward()
                ? List.of(
                        forward,
                        new Answer("dx", Torch.floats(x.grad())),
                        new Answer("dGain", Torch.floats(gain.grad())),
                        new Answer("dBias", Torch.floats(bias.grad())))
                : List.of(forward);
    }
}
