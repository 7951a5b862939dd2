package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tandem.engine.EngineException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CudaModulesTest {
    // no release carries images for it
    private static final Architecture FUTURE = new Architecture(99, 3);

    @TempDir
    private Path folder;

    /// Makes an image of the target's name, and counts.
    private static final class NamingCompiler implements KernelCompiler {
        final List<String> compiled = new ArrayList<>();
        private final String version;

        NamingCompiler(String version) {
            this.version = version;
        }

        @Override
        public String version() {
            return version;
        }

        @Override
        public Compiled compile(KernelSource source, String target) {
            compiled.add(source.file() + " " + target);
            return new Compiled(target.getBytes(StandardCharsets.UTF_8), "");
        }
    }

    private byte[] image(KernelCompiler compiler, Path cache) {
        return new CudaModules(FUTURE, Optional.of(compiler), cache).image("add.cu");
    }

    @Test
    void compilesForTheGpuOnceAndKeepsTheImage() {
        var compiler = new NamingCompiler("1");
        Path cache = folder.resolve("new/cache");

        assertThat(image(compiler, cache)).asString().isEqualTo("sm_993a");
        assertThat(image(compiler, cache)).asString().isEqualTo("sm_993a");
        assertThat(compiler.compiled).containsExactly("add.cu sm_993a");
    }

    @Test
    void anotherCompilerMakesAnotherImage() {
        var second = new NamingCompiler("2");

        image(new NamingCompiler("1"), folder);
        image(second, folder);

        assertThat(second.compiled).hasSize(1);
    }

    @Test
    void aCacheThatCannotBeWrittenIsNoObstacle() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));

        assertThat(image(new NamingCompiler("1"), file.resolve("cache"))).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 32, 33})
    void aFileThatIsDamagedIsCompiledAnew(int length) throws IOException {
        byte[] whole = image(new NamingCompiler("1"), folder);
        try (Stream<Path> files = Files.list(folder)) {
            Path file = files.findFirst().orElseThrow();
            Files.write(file, Arrays.copyOf(Files.readAllBytes(file), length));
        }
        var second = new NamingCompiler("1");

        assertThat(image(second, folder)).isEqualTo(whole);
        assertThat(image(second, folder)).isEqualTo(whole);
        assertThat(second.compiled).hasSize(1);
    }

    @Test
    void leavesNoUnfinishedFiles() throws IOException {
        image(new NamingCompiler("1"), folder);

        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(Path::getFileName).map(Path::toString))
                    .singleElement()
                    .asString()
                    .matches("add-sm_993a-[0-9a-f]{32}\\.cubin");
        }
    }

    @Test
    void withoutImageAndCompilerSaysWhatToInstall() {
        var modules = new CudaModules(FUTURE, Optional.empty(), folder);

        assertThat(modules.canSupply()).isFalse();
        assertThatThrownBy(() -> modules.image("add.cu"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("99.3")
                .hasMessageContaining("install libnvrtc.so.13");
    }

    @Test
    void codeOfOlderChipsOfTheSameKindRunsToo() {
        assertThat(new Architecture(8, 9).targets())
                .startsWith("sm_89", "sm_88")
                .endsWith("sm_80");
        assertThat(new Architecture(9, 0).targets()).containsExactly("sm_90a", "sm_90");
    }

    @Test
    void headersStandInTheSourceOnceAndLinesKeepTheirNumbers() {
        String text = KernelSource.of("fill.cu").text();

        assertThat(text).containsOnlyOnce("struct Complaint {").doesNotContain("#include", "#pragma once");
        String[] lines = text.substring(text.lastIndexOf("#line")).split("\n", -1);
        assertThat(lines[0]).isEqualTo("#line 2 \"fill.cu\"");
        assertThatThrownBy(() -> KernelSource.of("absent.cu")).hasMessageContaining("no kernel source absent.cu");
    }
}
