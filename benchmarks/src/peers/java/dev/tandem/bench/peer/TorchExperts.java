package dev.tandem.bench.peer;

import dev.tandem.engine.kernel.GeluForm;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// The experts of a layer, one tensor for each parameter of each of them.
///
/// @param up `[F, C]` each
/// @param upBias `[F]` each
/// @param down `[C, F]` each
/// @param downBias `[C]` each
record TorchExperts(List<Tensor> up, List<Tensor> upBias, List<Tensor> down, List<Tensor> downBias, GeluForm gelu) {
    /// Rows sorted by expert, two products for each expert that has any, and an indexed sum.
    ///
    /// @param x `[N, C]`
    Tensor sorted(Tensor x, Choice choice) {
        int E = up.size();
        Tensor flat = choice.experts().reshape(-1);
        Tensor order = torch.argsort(flat);
        long[] counts = Torch.integers(torch.bincount(flat, new TensorOptional(), E));
        Tensor tokens =
                torch.floor_divide(order, new Scalar(choice.experts().size(1)));
        TensorVector rows = x.index_select(0, tokens).split(counts);
        var results = new TensorVector();
        for (int e = 0; e < E; e++) {
            if (counts[e] > 0) {
                results.push_back(one(rows.get(e), e));
            }
        }
        Tensor weights = choice.weights().reshape(-1).index_select(0, order).unsqueeze(1);
        return torch.zeros(x.size(0), x.size(1))
                .index_add(0, tokens, torch.cat(results).mul(weights));
    }

    /// One token needs no order.
    ///
    /// @param x `[1, C]`
    Tensor ofOneToken(Tensor x, Choice choice) {
        long[] experts = Torch.integers(choice.experts());
        var results = new TensorVector();
        for (long expert : experts) {
            results.push_back(one(x, (int) expert));
        }
        return choice.weights().mm(torch.cat(results));
    }

    private Tensor one(Tensor rows, int e) {
        Tensor hidden = Torch.gelu(Torch.linear(rows, up.get(e), upBias.get(e)), gelu);
        return Torch.linear(hidden, down.get(e), downBias.get(e));
    }
}
