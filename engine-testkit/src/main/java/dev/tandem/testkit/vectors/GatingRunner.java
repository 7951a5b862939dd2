package dev.tandem.testkit.vectors;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Tensor;
import java.util.List;

/// Kind `gating`: the gate alone, with padded and with compact rows.
final class GatingRunner implements VectorRunner {
    @Override
    public String kind() {
        return "gating";
    }

    @Override
    public List<Comparison> run(VectorFile file, Backend backend) {
        var comparisons = new Comparisons(file, backend);
        for (boolean compact : new boolean[] {false, true}) {
            comparisons.remark(compact ? "compact" : "padded");
            try (Region region = backend.region("gating")) {
                var operands = new Operands(file, backend, region);
                Tensor logits = operands.floats("in.logits");
                var gate = new GatePass(file, backend, operands, logits, VectorOptions.gate(file, "", compact));
                gate.compare(comparisons);
                Tensor dLogits = operands.zerosLike(logits);
                gate.backward(dLogits, operands.floats("in.grad_weight"));
                comparisons.floats("out.grad_logits", dLogits);
            }
        }
        return comparisons.list();
    }
}
