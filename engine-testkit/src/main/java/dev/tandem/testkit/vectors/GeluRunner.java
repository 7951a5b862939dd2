package dev.tandem.testkit.vectors;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GeluForm;
import java.util.List;

/// Kind `gelu`.
final class GeluRunner implements VectorRunner {
    @Override
    public String kind() {
        return "gelu";
    }

    @Override
    public List<Comparison> run(VectorFile file, Backend backend) {
        var comparisons = new Comparisons(file, backend);
        GeluForm form = VectorOptions.gelu(file);
        try (Region region = backend.region("gelu")) {
            var operands = new Operands(file, backend, region);
            Tensor x = operands.floats("in.x");
            Tensor y = operands.zerosLike(x);
            backend.kernels().gelu().forward(y, x, form);
            comparisons.floats("out.y", y);

            Tensor dx = operands.zerosLike(x);
            backend.kernels().gelu().backward(dx, operands.floats("in.grad_y"), x, form);
            comparisons.floats("out.grad_x", dx);
        }
        return comparisons.list();
    }
}
