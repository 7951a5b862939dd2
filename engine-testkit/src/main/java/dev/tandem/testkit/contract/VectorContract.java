package dev.tandem.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.testkit.vectors.VectorReport;
import dev.tandem.testkit.vectors.VectorSuite;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Every shared vector of a single operation agrees. Whole models are the matter of `gpt-moe`.
public abstract class VectorContract {
    /// Opens the backend under test.
    protected abstract Backend open();

    @TestFactory
    Stream<DynamicTest> everySharedVectorAgrees() {
        var suite = VectorSuite.standard();
        return SharedVectors.files().stream()
                .filter(path -> !String.valueOf(path.getFileName()).startsWith("model_"))
                .map(path -> DynamicTest.dynamicTest(String.valueOf(path.getFileName()), () -> {
                    try (Backend backend = open()) {
                        VectorReport.Result result = suite.run(path, backend);
                        assertThat(result.passed()).as(result.toString()).isTrue();
                    }
                }));
    }
}
