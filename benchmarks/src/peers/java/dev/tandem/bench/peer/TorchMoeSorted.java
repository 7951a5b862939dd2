package dev.tandem.bench.peer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Rows sorted by expert, two products for each expert that has any, and an indexed sum.
///
/// Every expert has parameters of its own: the backward of `stack[e]` would write a gradient of the
/// whole stack for each expert.
final class TorchMoeSorted extends TorchMoe {
    private final TorchExperts experts;

    TorchMoeSorted(Setting setting, MoeQuestion question) {
        this(setting, question, new MoeOperands(question));
    }

    private TorchMoeSorted(Setting setting, MoeQuestion question, MoeOperands values) {
        super(setting, question, values);
        int C = question.C();
        int F = question.F();
        this.experts = new TorchExperts(
                parameters(values.up(), F, C),
                parameters(values.upBias(), F),
                parameters(values.down(), C, F),
                parameters(values.downBias(), C),
                question.gelu());
    }

    /// One parameter for each slice of a stack.
    private List<Tensor> parameters(float[] stack, long... shape) {
        int length = stack.length / question.E();
        var slices = new ArrayList<Tensor>();
        for (int e = 0; e < question.E(); e++) {
            slices.add(parameter(Arrays.copyOfRange(stack, e * length, (e + 1) * length), shape));
        }
        return slices;
    }

    @Override
    protected Tensor experts(Tensor x, Choice choice) {
        return experts.sorted(x, choice);
    }

    @Override
    protected Tensor dUp(int expert) {
        return experts.up().get(expert).grad();
    }

    @Override
    protected Tensor dDown(int expert) {
        return experts.down().get(expert).grad();
    }

    @Override
    protected Tensor dUpBias() {
        var gradients = new TensorVector();
        experts.upBias().forEach(bias -> gradients.push_back(bias.grad()));
        return torch.stack(gradients);
    }
}
