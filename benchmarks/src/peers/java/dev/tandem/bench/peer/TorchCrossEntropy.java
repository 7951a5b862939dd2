package dev.tandem.bench.peer;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Loss and its gradient by libtorch.
final class TorchCrossEntropy extends TorchContestant {
    private final Tensor logits;
    private final Tensor targets;
    private Tensor loss = new Tensor();

    TorchCrossEntropy(Setting setting, LayerQuestion.CrossEntropy question) {
        super(setting, true);
        this.logits = Torch.parameter(question.logits(), question.N(), question.V());
        this.targets =
                Tensor.create(Arrays.stream(question.targets()).asLongStream().toArray(), question.N());
    }

    @Override
    protected void compute() {
        Torch.forget(logits);
        loss = torch.cross_entropy_loss(logits, targets);
        loss.backward();
    }

    @Override
    public List<Answer> answers() {
        return computed(this::read);
    }

    private List<Answer> read() {
        return List.of(
                new Answer("loss", Torch.floats(loss)),
                new Answer(
                        "dLogits", Torch.floats(logits.grad().narrow(0, 0, LayerQuestion.CrossEntropy.CHECKED_ROWS))));
    }
}
