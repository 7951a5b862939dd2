package dev.tandem.testkit.vectors;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Embedding;
import java.util.List;
import java.util.Optional;

/// Kind `embedding`, with learned and with sinusoidal positions.
final class EmbeddingRunner implements VectorRunner {
    @Override
    public String kind() {
        return "embedding";
    }

    @Override
    public List<Comparison> run(VectorFile file, Backend backend) {
        var comparisons = new Comparisons(file, backend);
        Embedding kernel = backend.kernels().embedding();
        int padding = file.integer("pad_id");
        try (Region region = backend.region("embedding")) {
            var operands = new Operands(file, backend, region);
            Tensor ids = operands.integers("in.tokens");
            Tensor table = operands.weight("in.table");
            Tensor positions = positions(file, operands, kernel, padding);
            if (!learned(file)) {
                comparisons.floats("out.position_table", positions);
            }
            float scale = comparisons.rounded(file.number("embed_scale"));
            Tensor dy = operands.floats("in.grad_y");
            Tensor y = operands.zerosLike(dy);
            kernel.forward(y, ids, table, positions, scale, padding, 0);
            comparisons.floats("out.y", y);

            Tensor dTable = operands.zerosLike(table);
            Optional<Tensor> dPositions = learned(file) ? Optional.of(operands.zerosLike(positions)) : Optional.empty();
            kernel.backward(dTable, dPositions, dy, ids, scale, padding);
            comparisons.floats("out.grad_table", dTable);
            dPositions.ifPresent(gradient -> comparisons.floats("out.grad.position_table", gradient));
        }
        return comparisons.list();
    }

    private static Tensor positions(VectorFile file, Operands operands, Embedding kernel, int padding) {
        if (learned(file)) {
            return operands.floats("in.position_table", Role.STATE);
        }
        Tensor positions = operands.empty(file.integer("position_rows"), file.integer("d_model"));
        kernel.sinusoidal(positions, padding);
        return positions;
    }

    private static boolean learned(VectorFile file) {
        return switch (file.option("positions")) {
            case "learned" -> true;
            case "sinusoidal" -> false;
            default ->
                throw new MalformedVector(
                        "positions must be learned or sinusoidal, is '%s'".formatted(file.option("positions")));
        };
    }
}
