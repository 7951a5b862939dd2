package dev.tandem.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class AxisTest {
    @Test
    void sizesAreOrderedByAllTheirNumbers() {
        var axis = Axis.of(
                List.of(sized("2048x256x1024"), sized("2048x1024x4096"), sized("256x512x2048"), sized("2048x512x2048")),
                "size");
        assertThat(axis.values()).containsExactly("256x512x2048", "2048x256x1024", "2048x512x2048", "2048x1024x4096");
    }

    private static Measurement sized(String size) {
        return Sample.product(Map.of("size", size), 1);
    }
}
