package dev.tandem.bench.peer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// What all ways to write a layer of experts with libtorch share: the gate, and the order of the
/// backward.
abstract class TorchMoe extends TorchContestant {
    private static final double BALANCE_WEIGHT = 0.01;

    protected final MoeQuestion question;
    private final Tensor x;
    private final Tensor dy;
    private final Tensor gateWeight;
    private final Tensor gateBias;
    private final List<Tensor> parameters = new ArrayList<>();
    private Tensor y = new Tensor();
    private Tensor chosen = new Tensor();

    TorchMoe(Setting setting, MoeQuestion question, MoeOperands values) {
        super(setting, question.backward());
        this.question = question;
        this.x = parameter(values.x(), question.N(), question.C());
        this.dy = Torch.tensor(values.dy(), question.N(), question.C());
        this.gateWeight = parameter(values.gateWeight(), question.E(), question.C());
        this.gateBias = parameter(values.gateBias(), question.E());
    }

    /// A tensor whose gradient every backward computes anew.
    protected final Tensor parameter(float[] values, long... shape) {
        Tensor parameter = Torch.parameter(values, shape);
        parameters.add(parameter);
        return parameter;
    }

    /// The weighted sum over each token's experts.
    protected abstract Tensor experts(Tensor x, Choice choice);

    /// The gradient of an expert's up or down projection.
    protected abstract Tensor dUp(int expert);

    protected abstract Tensor dDown(int expert);

    /// `[E, F]`
    protected abstract Tensor dUpBias();

    @Override
    protected final void compute() {
        if (question.backward()) {
            parameters.forEach(Torch::forget);
        }
        Tensor probabilities =
                Torch.linear(x, gateWeight, gateBias).softmax(-1);
        Choice choice = Choice.of(probabilities, MoeQuestion.K);
        chosen = choice.experts();
        y = experts(x, choice);
        if (question.backward()) {
            torch.backward(
                    new TensorVector(y, balanceLoss(probabilities)),
                    new TensorVector(dy, Torch.tensor(new float[] {(float) BALANCE_WEIGHT}, 1)),
                    new BoolOptional(),
                    false,
                    new TensorVector());
        }
    }

    /// `E · Σ_e mean(p_e) · first choices of e / N`
    private Tensor balanceLoss(Tensor probabilities) {
        int E = question.E();
        Tensor first = torch.bincount(chosen.select(1, 0).contiguous(), Torch.optional(new Tensor()), E);
        Tensor sums = probabilities.sum(0);
        double scale = (double) E / question.N() / question.N();
        return sums.mul(first).sum().mul(new Scalar(scale)).reshape(1);
    }

    @Override
    public final List<Answer> answers() {
        return computed(this::read);
    }

    private List<Answer> read() {
        var answers = new ArrayList<Answer>();
        int[] experts = Arrays.stream(Torch.integers(chosen))
                .mapToInt(expert -> (int) expert)
                .toArray();
        answers.add(Answer.histogram(experts, question.E()));
        answers.add(new Answer("y", Torch.floats(y)));
        if (question.backward()) {
            int last = question.E() - 1;
            answers.add(new Answer("dx", Torch.floats(x.grad())));
            answers.add(new Answer("dGate", Torch.floats(gateWeight.grad())));
            answers.add(new Answer("dUp of the last expert", Torch.floats(dUp(last))));
            answers.add(new Answer("dDown of the last expert", Torch.floats(dDown(last))));
            answers.add(new Answer("dUpBias", Torch.floats(dUpBias())));
        }
        return answers;
    }
}
