package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.File;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SettingsTest {
    private static Settings with(String name, String value) {
        var properties = new Properties();
        properties.setProperty("user.home", "/home/u");
        properties.setProperty(name, value);
        return Settings.read(properties, Map.of());
    }

    @Test
    void readsEveryProperty() {
        assertThat(with("tandem.cuda.device", "3").device()).isEqualTo(3);
        assertThat(with("tandem.cuda.libraries", "/a" + File.pathSeparator + "/b")
                        .libraries())
                .containsExactly(Path.of("/a"), Path.of("/b"));
        assertThat(with("tandem.cuda.cache", "/c").cache()).isEqualTo(Path.of("/c"));
        assertThat(with("tandem.cuda.debug", "true").debug()).isTrue();
        assertThat(with("tandem.cuda.cublas", "false"))
                .matches(settings -> !settings.cublas() && settings.tune() && !settings.debug());
        assertThat(with("tandem.cuda.tune", "false")).matches(settings -> settings.cublas() && !settings.tune());
    }

    @Test
    void cachesWhereTheUserKeepsCaches() {
        assertThat(with("other", "").cache()).isEqualTo(Path.of("/home/u/.cache/tandem/cubins"));
        assertThat(Settings.read(new Properties(), Map.of("XDG_CACHE_HOME", "/x"))
                        .cache())
                .isEqualTo(Path.of("/x/tandem/cubins"));
    }

    @ParameterizedTest
    @CsvSource({"tandem.cuda.device, -1", "tandem.cuda.device, first", "tandem.cuda.debug, yes", "tandem.cuda.tune, on"
    })
    void refusesWhatMakesNoSense(String name, String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> with(name, value))
                .withMessageContaining(name)
                .withMessageContaining(value);
    }
}
