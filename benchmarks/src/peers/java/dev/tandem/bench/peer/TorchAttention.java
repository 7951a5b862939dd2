package dev.tandem.bench.peer;

import java.util.List;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Attention by libtorch's fused function.
final class TorchAttention extends TorchContestant {
    private final LayerQuestion.Attention question;
    private final Tensor qkv;
    private final Tensor dy;
    private Tensor y = new Tensor();

    TorchAttention(Setting setting, LayerQuestion.Attention question) {
        super(setting, question.backward());
        this.question = question;
        int B = question.B();
        int T = question.T();
        int C = question.C();
        this.qkv = Torch.parameter(question.qkv(), B, T, 3L * C);
        this.dy = Torch.tensor(question.dy(), B, T, C);
    }

    @Override
    protected void compute() {
        if (question.backward()) {
            Torch.forget(qkv);
        }
        y = attention(qkv, question.H());
        if (question.backward()) {
            torch.backward(new TensorVector(y), new TensorVector(dy), new BoolOptional(), false, new TensorVector());
        }
    }

    /// `[B, T, C]` of `[B, T, 3C]`.
    static Tensor attention(Tensor qkv, int H) {
        long B = qkv.size(0);
        long T = qkv.size(1);
        long C = qkv.size(2) / 3;
        Tensor parts = qkv.reshape(B, T, 3, H, C / H).permute(2, 0, 3, 1, 4);
        return torch.scaled_dot_product_attention(
                        parts.select(0, 0),
                        parts.select(0, 1),
                        parts.select(0, 2),
                        new TensorOptional(),
                        0,
                        true,
                        new DoubleOptional(),
                        false)
                .transpose(1, 2)
                .reshape(B, T, C);
    }

    @Override
    public List<Answer> answers() {
        return computed(this::read);
    }

    private List<Answer> read() {
        var forward = new Answer("y", Torch.floats(y));
        return question.backward() ? List.of(forward, new Answer("dqkv", Torch.floats(qkv.grad()))) : List.of(forward);
    }
}
