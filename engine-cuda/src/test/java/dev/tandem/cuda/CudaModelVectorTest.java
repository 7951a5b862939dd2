package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Tensor;
import dev.tandem.gpt.Precision;
import dev.tandem.gpt.RecordedRun;
import dev.tandem.testkit.contract.SharedVectors;
import dev.tandem.testkit.vectors.Comparison;
import dev.tandem.testkit.vectors.Comparisons;
import dev.tandem.testkit.vectors.VectorFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Whole models on the CUDA kernels give what PyTorch recorded: hidden states, routing, gradients,
/// weights after one and three updates, logits of an evaluation, and a greedy continuation.
final class CudaModelVectorTest {
    @TestFactory
    Stream<DynamicTest> everyRecordedModelIsRepeated() {
        return SharedVectors.files().stream()
                .filter(path -> String.valueOf(path.getFileName()).startsWith("model_"))
                .map(path -> DynamicTest.dynamicTest(String.valueOf(path.getFileName()), () -> repeat(path)));
    }

    private static void repeat(Path path) throws Exception {
        VectorFile file = VectorFile.read(path);
        try (Backend backend = ShimBackend.open()) {
            var results = new Results(new Comparisons(file, backend), recorded(file));
            new RecordedRun(file.metadata(), new Inputs(file), results).replay(backend);
            assertThat(results.awaited).as("recorded, but not computed").isEmpty();
            assertThat(results.comparisons.list()).isNotEmpty().allMatch(Comparison::passed);
        }
    }

    /// PyTorch recorded F32; in BF16 losses stay near.
    @Test
    void aRecordedModelLearnsAlikeInBf16() throws Exception {
        VectorFile file = VectorFile.read(SharedVectors.folder("vectors").resolve("model_moe.safetensors"));
        try (Backend backend = ShimBackend.open()) {
            var losses = new Losses(new TreeMap<>());
            new RecordedRun(file.metadata(), new Inputs(file), losses).replay(backend, Precision.BF16);
            for (String name : List.of("out.loss", "out.nll")) {
                double[] wanted = file.tensor(name).doubles();
                double[] found = Objects.requireNonNull(losses.reals.get(name), name);
                assertThat(found).hasSameSizeAs(wanted);
                for (int step = 0; step < wanted.length; step++) {
                    assertThat(found[step])
                            .as("%s of step %d", name, step)
                            .isCloseTo(wanted[step], withinPercentage(1));
                }
            }
        }
    }

    /// What is real and no tensor.
    private record Losses(Map<String, double[]> reals) implements RecordedRun.Results {
        @Override
        public void tensor(String name, Tensor tensor) {}

        @Override
        public void reals(String name, double[] values) {
            reals.put(name, values);
        }

        @Override
        public void integers(String name, int[] values) {}
    }

    private static Set<String> recorded(VectorFile file) {
        var names = new TreeSet<>(file.tensors().keySet());
        names.removeIf(name -> name.startsWith("in.") || name.startsWith("param.") || name.endsWith(".f32"));
        return names;
    }

    private record Inputs(VectorFile file) implements RecordedRun.Inputs {
        @Override
        public float[] floats(String name) {
            return file.tensor(name).floats();
        }

        @Override
        public int[] integers(String name) {
            return file.tensor(name).integers();
        }
    }

    private record Results(Comparisons comparisons, Set<String> awaited) implements RecordedRun.Results {
        @Override
        public void tensor(String name, Tensor tensor) {
            awaited.remove(name);
            comparisons.floats(name, tensor);
        }

        @Override
        public void reals(String name, double[] values) {
            awaited.remove(name);
            comparisons.floats(name, values);
        }

        @Override
        public void integers(String name, int[] values) {
            awaited.remove(name);
            comparisons.integers(name, values);
        }
    }
}
