package dev.tandem.testkit.vectors;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Kernels;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Kind `attention`: the projections and the attention between them. The three input projections
/// become one, `[q | k | v]`.
final class AttentionRunner implements VectorRunner {
    private static final String[] INPUTS = {"q_proj", "k_proj", "v_proj"};

    @Override
    public String kind() {
        return "attention";
    }

    @Override
    public List<Comparison> run(VectorFile file, Backend backend) {
        var comparisons = new Comparisons(file, backend);
        try (Region region = backend.region("attention")) {
            run(file, backend, new Operands(file, backend, region), comparisons);
        }
        return comparisons.list();
    }

    private static void run(VectorFile file, Backend backend, Operands operands, Comparisons comparisons) {
        Kernels kernels = backend.kernels();
        int H = file.integer("heads");
        Tensor x = operands.floats("in.x");
        int B = x.shape().extent(0);
        int T = x.shape().extent(1);
        int C = x.shape().extent(2);
        Tensor inWeight = operands.floats("qkv", Role.WEIGHT, joined(file, ".weight"), 3 * C, C);
        Tensor inBias = operands.floats("qkv", Role.STATE, joined(file, ".bias"), 3 * C);
        Tensor outWeight = operands.weight("in.out_proj.weight");
        Tensor outBias = operands.floats("in.out_proj.bias", Role.STATE);
        Optional<Tensor> padding = operands.integersIfAny("in.key_pad");
        Tensor qkv = operands.empty(B, T, 3 * C);
        Tensor attended = operands.zerosLike(x);
        Tensor logSumExp = operands.empty(B, H, T);
        Tensor y = operands.zerosLike(x);
        kernels.linear().forward(qkv, x, inWeight, Optional.of(inBias));
        kernels.attention().forward(attended, logSumExp, qkv, padding, H, 0, 0, 0);
        kernels.linear().forward(y, attended, outWeight, Optional.of(outBias));
        comparisons.floats("out.y", y);

        Tensor dy = operands.floats("in.grad_y");
        Tensor dAttended = operands.zerosLike(x);
        Tensor dqkv = operands.zerosLike(qkv);
        Tensor dx = operands.zerosLike(x);
        Tensor dInWeight = operands.zerosLike(inWeight);
        Tensor dInBias = operands.zerosLike(inBias);
        Tensor dOutWeight = operands.zerosLike(outWeight);
        Tensor dOutBias = operands.zerosLike(outBias);
        kernels.linear().backwardWeight(dOutWeight, Optional.of(dOutBias), dy, attended);
        kernels.linear().backwardData(dAttended, dy, outWeight);
        kernels.attention().backward(dqkv, dAttended, attended, logSumExp, qkv, padding, H, 0, 0, 0);
        kernels.linear().backwardWeight(dInWeight, Optional.of(dInBias), dqkv, x);
        kernels.linear().backwardData(dx, dqkv, inWeight);
        comparisons.floats("out.grad_x", dx);
        compareParts(comparisons, ".weight", dInWeight);
        compareParts(comparisons, ".bias", dInBias);
        comparisons.floats("out.grad.out_proj.weight", dOutWeight);
        comparisons.floats("out.grad.out_proj.bias", dOutBias);
    }

    private static float[] joined(VectorFile file, String parameter) {
        int part = file.tensor("in." + INPUTS[0] + parameter).elements();
        float[] joined = new float[INPUTS.length * part];
        for (int i = 0; i < INPUTS.length; i++) {
            float[] values = file.tensor("in." + INPUTS[i] + parameter).floats();
            if (values.length != part) {
                throw new MalformedVector("q_proj, k_proj and v_proj%s differ in size".formatted(parameter));
            }
            System.arraycopy(values, 0, joined, i * part, part);
        }
        return joined;
    }

    private static void compareParts(Comparisons comparisons, String parameter, Tensor joined) {
        double[] values = comparisons.values(joined);
        int part = values.length / INPUTS.length;
        for (int i = 0; i < INPUTS.length; i++) {
            comparisons.floats(
                    "out.grad." + INPUTS[i] + parameter, Arrays.copyOfRange(values, i * part, (i + 1) * part));
        }
    }
}
