package dev.tandem.bench.peer;

import org.bytedeco.pytorch.CompilationUnit;
import org.bytedeco.pytorch.Function;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// Rows sorted by expert, and libtorch's own operator for the products of all groups of rows with
/// their slice of a stack, `_grouped_mm`.
final class TorchMoeGrouped extends TorchMoe {
    private static final String NAME = "grouped";

    // The bindings leave out operators that begin with an underscore; TorchScript does not.
    private static final String SOURCE = """
            def grouped(rows, stack, ends):
                return torch._grouped_mm(rows, stack, offs=ends)
            """;

    private final CompilationUnit script = torch.compile(SOURCE);
    private final Function product = script.find_function(new QualifiedName(NAME));
    private final Tensor up;
    private final Tensor upBias;
    private final Tensor down;
    private final Tensor downBias;

    TorchMoeGrouped(Setting setting, MoeQuestion question) {
        this(setting, question, new MoeOperands(question));
    }

    private TorchMoeGrouped(Setting setting, MoeQuestion question, MoeOperands values) {
        super(setting, question, values);
        int C = question.C();
        int F = question.F();
        int E = question.E();
        this.up = parameter(values.up(), E, F, C);
        this.upBias = parameter(values.upBias(), E, F);
        this.down = parameter(values.down(), E, C, F);
        this.downBias = parameter(values.downBias(), E, C);
    }

    @Override
    protected Tensor experts(Tensor x, Choice choice) {
        Tensor flat = choice.experts().reshape(-1);
        Tensor order = torch.argsort(flat);
        Tensor owner = flat.index_select(0, order);
        Tensor tokens = torch.floor_divide(order, new Scalar(MoeQuestion.K));
        Tensor ends = torch.bincount(flat, new TensorOptional(), question.E())
                .cumsum(0)
                .toType(torch.ScalarType.Int);
        Tensor hidden = grouped(x.index_select(0, tokens), up, ends).add(upBias.index_select(0, owner));
        Tensor result = grouped(Torch.gelu(hidden, question.gelu()), down, ends).add(downBias.index_select(0, owner));
        Tensor weights = choice.weights().reshape(-1).index_select(0, order).unsqueeze(1);
        return torch.zeros(question.N(), question.C()).index_add(0, tokens, result.mul(weights));
    }

    /// @param stack `[E, out, in]`
    private Tensor grouped(Tensor rows, Tensor stack, Tensor ends) {
        var operands = new IValueVector(new IValue(rows), new IValue(stack.transpose(1, 2)), new IValue(ends));
        return product.apply(operands).toTensor();
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
