package dev.tandem.testkit.vectors;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.LayerNorm;
import java.util.List;

/// Kind `layer_norm`.
final class LayerNormRunner implements VectorRunner {
    @Override
    public String kind() {
        return "layer_norm";
    }

    @Override
    public List<Comparison> run(VectorFile file, Backend backend) {
        var comparisons = new Comparisons(file, backend);
        LayerNorm kernel = backend.kernels().layerNorm();
        try (Region region = backend.region("layer_norm")) {
            var operands = new Operands(file, backend, region);
            Tensor x = operands.floats("in.x");
            Tensor gain = operands.floats("in.gain", Role.STATE);
            Tensor bias = operands.floats("in.bias", Role.STATE);
            int N = x.shape().extent(0);
            var saved = new LayerNorm.Saved(operands.empty(N), operands.empty(N));
            Tensor y = operands.zerosLike(x);
            kernel.forward(y, saved, x, gain, bias, comparisons.rounded(file.number("ln_eps")));
            comparisons.floats("out.y", y);

            Tensor dx = operands.zerosLike(x);
            Tensor dGain = operands.zerosLike(gain);
            Tensor dBias = operands.zerosLike(bias);
            kernel.backward(dx, dGain, dBias, operands.floats("in.grad_y"), saved, x, gain);
            comparisons.floats("out.grad_x", dx);
            comparisons.floats("out.grad.gain", dGain);
            comparisons.floats("out.grad.bias", dBias);
        }
        return comparisons.list();
    }
}
