package dev.tandem.lab.selftest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.testkit.ReferenceBackend;
import dev.tandem.testkit.contract.RequiredBackend;
import dev.tandem.testkit.contract.SharedVectors;
import dev.tandem.testkit.vectors.MalformedVector;
import dev.tandem.testkit.vectors.VectorFile;
import dev.tandem.testkit.vectors.VectorReport;
import dev.tandem.testkit.vectors.VectorSuite;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class ModelVectorTest {
    @TestFactory
    Stream<DynamicTest> theReferenceRepeatsEveryRecordedModel() {
        return repeatsEveryRecordedModel(ReferenceBackend::open);
    }

    @TestFactory
    Stream<DynamicTest> theCpuRepeatsEveryRecordedModel() {
        return repeatsEveryRecordedModel(() -> RequiredBackend.open("cpu-vector", BackendOptions.DEFAULT));
    }

    private static Stream<DynamicTest> repeatsEveryRecordedModel(Supplier<Backend> open) {
        return models().stream()
                .map(path -> DynamicTest.dynamicTest(String.valueOf(path.getFileName()), () -> {
                    try (Backend backend = open.get()) {
                        VectorReport.Result result = VectorSuite.standard().run(path, backend);
                        assertThat(result.passed()).as(result.toString()).isTrue();
                    }
                }));
    }

    @Test
    void aResultThatNobodyComparesIsAFailure() throws IOException {
        VectorFile file = VectorFile.read(models().getFirst());
        var tensors = new HashMap<>(file.tensors());
        tensors.put("out.surprise", file.tensor("out.nll"));
        try (Backend backend = ReferenceBackend.open()) {
            var strange = new VectorFile(file.name(), file.metadata(), tensors);
            assertThatThrownBy(() -> new ModelVectorRunner().run(strange, backend))
                    .isInstanceOf(MalformedVector.class)
                    .hasMessageContaining("out.surprise");
        }
    }

    private static List<Path> models() {
        return SharedVectors.files().stream()
                .filter(path -> String.valueOf(path.getFileName()).startsWith("model_"))
                .toList();
    }
}
