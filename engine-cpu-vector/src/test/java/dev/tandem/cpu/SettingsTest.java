package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SettingsTest {
    @Test
    void withoutPropertiesTheWholeMachineIsUsed() {
        Settings settings = Settings.read(new Properties());
        assertThat(settings.threads()).isEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(settings.vectorBits()).isIn(128, 256, 512);
    }

    @ParameterizedTest
    @CsvSource({
        "tandem.cpu.vectorBits, 64",
        "tandem.cpu.vectorBits, 1024",
        "tandem.cpu.vectorBits, wide",
        "tandem.cpu.threads, 0",
        "tandem.cpu.threads, 1025",
        "tandem.cpu.threads, many",
        "tandem.cpu.hugePages, maybe",
        "tandem.cpu.prefetch, often"
    })
    void aValueThatMakesNoSenseIsRefusedByName(String name, String value) {
        var properties = new Properties();
        properties.setProperty(name, value);
        assertThatThrownBy(() -> Settings.read(properties))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(name)
                .hasMessageContaining(value);
    }
}
