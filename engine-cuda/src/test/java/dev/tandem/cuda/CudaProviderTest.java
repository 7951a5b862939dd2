package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tandem.engine.Availability;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.BackendProvider;
import dev.tandem.engine.BackendUnavailable;
import dev.tandem.engine.Backends;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CudaProviderTest {
    private static final String ACCESS = "--enable-native-access=ALL-UNNAMED";

    private static BackendProvider found() {
        return Backends.providers().stream()
                .filter(provider -> provider.name().equals("cuda"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void isFoundAsAServiceAndSaysInASentenceWhyItIsUnavailable() {
        Availability availability = found().probe();

        assumeTrue(availability instanceof Availability.Unavailable, "there is a GPU");
        assertThat(((Availability.Unavailable) availability).reason()).matches(".+: [^\\n]+");
    }

    @Test
    void refusesToOpenInTheSameWords() {
        Availability availability = found().probe();

        assumeTrue(availability instanceof Availability.Unavailable, "there is a GPU");
        assertThatThrownBy(() -> found().open(BackendOptions.DEFAULT))
                .isInstanceOf(BackendUnavailable.class)
                .hasMessageContaining(((Availability.Unavailable) availability).reason());
    }

    @Test
    void deniedNativeAccessIsNotMistakenForAMissingDriver() {
        assertThat(ChildProcess.run(ProbeMain.class, List.of("--illegal-native-access=deny"), ChildProcess.classPath()))
                .contains("unavailable: native access is denied")
                .contains("--enable-native-access=ALL-UNNAMED");
    }

    @Test
    void bindingsThatAreAbsentOrDoNotLoadAreNamed() {
        assertThat(ChildProcess.run(ProbeMain.class, List.of(ACCESS), without("bytedeco")))
                .contains("bindings: JavaCPP's CUDA bindings are absent: add org.bytedeco:cuda");
        assertThat(ChildProcess.run(ProbeMain.class, List.of(ACCESS), without("linux-x86_64")))
                .contains(
                        "bindings: JavaCPP's bindings are incomplete, without libjnicudart.so: add org.bytedeco:cuda",
                        "with the classifier linux-x86_64")
                .endsWith("exit status 0");
        assertThat(ChildProcess.run(ProbeMain.class, List.of(ACCESS), without("javacpp")))
                .contains(
                        "bindings: JavaCPP's CUDA bindings are absent: add org.bytedeco:cuda and org.bytedeco:javacpp")
                .endsWith("exit status 0");
    }

    private static List<String> without(String words) {
        return ChildProcess.classPath().stream()
                .filter(path -> !path.contains(words))
                .toList();
    }
}
