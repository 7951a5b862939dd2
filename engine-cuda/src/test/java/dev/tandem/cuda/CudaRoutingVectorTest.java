package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.Routing;
import dev.tandem.testkit.contract.SharedVectors;
import dev.tandem.testkit.vectors.Comparison;
import dev.tandem.testkit.vectors.Comparisons;
import dev.tandem.testkit.vectors.VectorFile;
import dev.tandem.testkit.vectors.VectorOptions;
import dev.tandem.testkit.vectors.VectorRunner;
import dev.tandem.testkit.vectors.VectorSuite;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Vectors that need no more than gate and dispatch: those of the gate, and of whole layers what the
/// gate makes of their logits.
final class CudaRoutingVectorTest {
    @TestFactory
    Stream<DynamicTest> everyVectorRoutesAsItSays() {
        var suite = new VectorSuite(List.of(new LayerRouting()));
        var gating = VectorSuite.standard();
        return SharedVectors.files().stream()
                .filter(path -> name(path).startsWith("gating_") || name(path).startsWith("moe_"))
                .map(path -> DynamicTest.dynamicTest(name(path), () -> {
                    try (Backend backend = ShimBackend.open()) {
                        var result = (name(path).startsWith("gating_") ? gating : suite).run(path, backend);
                        assertThat(result.passed()).as(result.toString()).isTrue();
                    }
                }));
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }

    /// The gate of a layer, from the logits that the file gives.
    private static final class LayerRouting implements VectorRunner {
        @Override
        public String kind() {
            return "moe_layer";
        }

        @Override
        public List<Comparison> run(VectorFile file, Backend backend) {
            List<Comparison> comparisons = new ArrayList<>();
            for (boolean compact : new boolean[] {false, true}) {
                GateOptions options = VectorOptions.gate(file, "", compact);
                try (Region region = backend.region("gate")) {
                    comparisons.addAll(run(file, backend, region, options));
                }
            }
            return comparisons;
        }

        private static List<Comparison> run(VectorFile file, Backend backend, Region region, GateOptions options) {
            int N = file.tensor("out.logits").extents()[0];
            int E = file.tensor("out.logits").extents()[1];
            var routing = new Routing(
                    region.integers("expert", N, 2),
                    region.integers("slot", N, 2),
                    region.floats("weight", Role.ACTIVATION, N, 2));
            var rows = new ExpertRows(
                    region.integers("starts", E),
                    region.integers("counts", E),
                    region.integers("choiceOf", options.rows(N, E)));
            var load = new ExpertLoad(
                    region.integers("queued", 2, E),
                    region.integers("dropped", 2, E),
                    region.floats("entropy", Role.ACTIVATION, 1));
            Tensor balanceLoss = region.floats("balanceLoss", Role.ACTIVATION, 1);
            Tensor probabilities = region.floats("probabilities", Role.ACTIVATION, N, E);
            Optional<Tensor> logits = floats(file, backend, region, "out.logits.f32");
            Optional<Tensor> noise =
                    floats(file, backend, region, "in.noise").or(() -> floats(file, backend, region, "in.uniform"));
            backend.kernels()
                    .gate()
                    .forward(
                            routing,
                            rows,
                            load,
                            balanceLoss,
                            probabilities,
                            logits.orElseThrow(),
                            padding(file, backend, region, N),
                            noise,
                            options);
            var comparisons = new Comparisons(file, backend);
            comparisons.integers("out.expert", backend.integers(routing.expert()));
            comparisons.exactly("out.position", positions(file), backend.integers(routing.slot()));
            comparisons.floats("out.weight", routing.weight());
            comparisons.floats("out.aux", balanceLoss);
            return comparisons.list();
        }

        private static Optional<Tensor> padding(VectorFile file, Backend backend, Region region, int N) {
            if (!file.has("in.pad")) {
                return Optional.empty();
            }
            Tensor padding = region.integers("padding", N);
            backend.upload(padding, file.tensor("in.pad").integers());
            return Optional.of(padding);
        }

        private static Optional<Tensor> floats(VectorFile file, Backend backend, Region region, String name) {
            if (!file.has(name)) {
                return Optional.empty();
            }
            var values = file.tensor(name);
            Tensor tensor = region.floats(name, Role.ACTIVATION, values.extents());
            backend.upload(tensor, values.floats());
            return Optional.of(tensor);
        }

        /// The positions of the file where they were kept, −1 elsewhere.
        private static int[] positions(VectorFile file) {
            int[] positions = file.tensor("out.position").integers();
            int[] kept = file.tensor("out.kept").integers();
            for (int i = 0; i < kept.length; i++) {
                positions[i] = kept[i] == 0 ? -1 : positions[i];
            }
            return positions;
        }
    }
}
