package dev.tandem.bench.peer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Rows sorted by expert, two products for each expert that has any, and an indexed sum.
///
/// Every expert has parameters of its own: the backward of `stack[e]` would write a gradient of the
/// whole stack for each expert.
final class TorchMoeSorted extends TorchMoe {
    private final List<Tensor> up = new ArrayList<>();
    private final List<Tensor> upBias = new ArrayList<>();
    private final List<Tensor> down = new ArrayList<>();
    private final List<Tensor> downBias = new ArrayList<>();

    TorchMoeSorted(Setting setting, MoeQuestion question) {
        this(setting, question, new MoeOperands(question));
    }

    private TorchMoeSorted(Setting setting, MoeQuestion question, MoeOperands values) {
        super(setting, question, values);
        int C = question.C();
        int F = question.F();
        float[] ups = values.up();
        float[] upBiases = values.upBias();
        float[] downs = values.down();
        float[] downBiases = values.downBias();
        for (int e = 0; e < question.E(); e++) {
            up.add(parameter(slice(ups, e, F * C), F, C));
            upBias.add(parameter(slice(upBiases, e, F), F));
            down.add(parameter(slice(downs, e, C * F), C, F));
            downBias.add(parameter(slice(downBiases, e, C), C));
        }
    }

    private static float[] slice(float[] stack, int e, int length) {
        return Arrays.copyOfRange(stack, e * length, (e + 1) * length);
    }

    @Override
    protected Tensor experts(Tensor x, Choice choice) {
        int E = question.E();
        Tensor flat = choice.experts().reshape(-1);
        Tensor order = torch.argsort(flat);
        long[] counts = Torch.integers(torch.bincount(flat, new TensorOptional(), E));
        Tensor tokens = torch.floor_divide(order, new Scalar(MoeQuestion.K));
        TensorVector rows = x.index_select(0, tokens).split(counts);
        var results = new TensorVector();
        for (int e = 0; e < E; e++) {
            if (counts[e] > 0) {
                Tensor hidden = gelu(torch.linear(rows.get(e), up.get(e), Torch.optional(upBias.get(e))));
                results.push_back(torch.linear(hidden, down.get(e), Torch.optional(downBias.get(e))));
            }
        }
        Tensor weights = choice.weights().reshape(-1).index_select(0, order).unsqueeze(1);
        return torch.zeros(question.N(), question.C())
                .index_add(0, tokens, torch.cat(results).mul(weights));
    }

    @Override
    protected Tensor dUp(int expert) {
        return up.get(expert).grad();
    }

    @Override
    protected Tensor dDown(int expert) {
        return down.get(expert).grad();
    }

    @Override
    protected Tensor dUpBias() {
        var gradients = new TensorVector();
        upBias.forEach(bias -> gradients.push_back(bias.grad()));
        return torch.stack(gradients);
    }
}
