package dev.tandem.bench.peer;

import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// GShard's way: masks `[N, E, S]` send tokens to slots and back by products. S is the largest
/// expert's load, the smallest that drops nothing.
final class TorchMoeEinsum extends TorchMoe {
    private final Tensor up;
    private final Tensor upBias;
    private final Tensor down;
    private final Tensor downBias;

    TorchMoeEinsum(Setting setting, MoeQuestion question) {
        this(setting, question, new MoeOperands(question));
    }

    private TorchMoeEinsum(Setting setting, MoeQuestion question, MoeOperands values) {
        super(setting, question, values);
        int C = question.C();
        int F = question.F();
        int E = question.E();
        this.up = parameter(values.up(), E, F, C);
        this.upBias = parameter(values.upBias(), E, 1, F);
        this.down = parameter(values.down(), E, C, F);
        this.downBias = parameter(values.downBias(), E, 1, C);
    }

    @Override
    protected Tensor experts(Tensor x, Choice choice) {
        int E = question.E();
        Tensor flat = choice.experts().reshape(-1);
        long S = Arrays.stream(Torch.integers(torch.bincount(flat, new TensorOptional(), E)))
                .max()
                .orElseThrow();
        Tensor first = torch.one_hot(choice.experts().select(1, 0), E);
        Tensor second = torch.one_hot(choice.experts().select(1, 1), E);
        Tensor combine = sent(first, first.cumsum(0), choice.weights().select(1, 0), S)
                .add(sent(
                        second,
                        second.cumsum(0).add(first.sum(0)),
                        choice.weights().select(1, 1),
                        S));
        Tensor dispatch = combine.detach().ne(new Scalar(0)).toType(torch.ScalarType.Float);
        Tensor sentX = einsum("nes,nc->esc", dispatch, x);
        Tensor hidden = Torch.gelu(einsum("esc,efc->esf", sentX, up).add(upBias), question.gelu());
        Tensor result = einsum("esf,ecf->esc", hidden, down).add(downBias);
        return einsum("nes,esc->nc", combine, result);
    }

    /// `[N, E, S]`: the weight at the token's expert and slot.
    private static Tensor sent(Tensor experts, Tensor queue, Tensor weight, long S) {
        Tensor slot = queue.mul(experts).sum(1).sub(new Scalar(1));
        Tensor slots = torch.one_hot(slot, S).toType(torch.ScalarType.Float);
        Tensor weighted = experts.toType(torch.ScalarType.Float).mul(weight.unsqueeze(1));
        return einsum("ne,ns->nes", weighted, slots);
    }

    private static Tensor einsum(String formula, Tensor a, Tensor b) {
        return torch.einsum(formula, new TensorVector(a, b));
    }

    @Override
    protected Tensor dUp(int expert) {
        return up.grad().select(0, expert);
    }

    @Override
    protected Tensor dDown(int expert) {
        return down.grad().select(0, expert);
    }

    @Override
    protected Tensor dUpBias() {
        return upBias.grad();
    }
}
