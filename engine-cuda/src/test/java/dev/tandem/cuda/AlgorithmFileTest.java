package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.ElementType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AlgorithmFileTest {
    private static final Matmul ONE = Matmul.backward(ElementType.BF16, 64, 32, 16, 4);
    private static final Matmul OTHER = Matmul.gradient(ElementType.BF16, 64, 32, 16, 4);

    @TempDir
    Path folder;

    @Test
    void whoKeepsFirstIsFollowed() {
        var one = new AlgorithmFile(folder, "gpu");
        var other = new AlgorithmFile(folder, "gpu");

        assertThat(one.keep(ONE, HostMatmuls.algorithm(1), Optional.empty())).isEqualTo(HostMatmuls.algorithm(1));
        assertThat(other.keep(ONE, HostMatmuls.algorithm(2), Optional.empty())).isEqualTo(HostMatmuls.algorithm(1));
        assertThat(other.keep(OTHER, HostMatmuls.algorithm(3), Optional.empty()))
                .isEqualTo(HostMatmuls.algorithm(3));
        var later = new AlgorithmFile(folder, "gpu");
        assertThat(later.find(ONE)).contains(HostMatmuls.algorithm(1));
        assertThat(later.find(OTHER)).contains(HostMatmuls.algorithm(3));
        assertThat(new AlgorithmFile(folder, "another gpu").find(ONE)).isEmpty();
    }

    @Test
    void whatTheLibraryRefusedIsReplaced() {
        var file = new AlgorithmFile(folder, "gpu");
        file.keep(ONE, HostMatmuls.algorithm(1), Optional.empty());

        file.keep(ONE, HostMatmuls.algorithm(2), Optional.of(HostMatmuls.algorithm(1)));

        assertThat(new AlgorithmFile(folder, "gpu").find(ONE)).contains(HostMatmuls.algorithm(2));
    }

    @Test
    void aFolderThatCannotBeWrittenIsNoObstacle() throws IOException {
        Path occupied = Files.createFile(folder.resolve("file")).resolve("cache");
        var file = new AlgorithmFile(occupied, "gpu");

        assertThat(file.keep(ONE, HostMatmuls.algorithm(1), Optional.empty())).isEqualTo(HostMatmuls.algorithm(1));
        assertThat(file.find(ONE)).isEmpty();
    }

    @Test
    void leavesNoUnfinishedFiles() throws IOException {
        new AlgorithmFile(folder, "gpu").keep(ONE, HostMatmuls.algorithm(1), Optional.empty());

        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .hasSize(2)
                    .allMatch(name -> name.matches("products-[0-9a-f]{32}\\.txt(\\.lock)?"));
        }
    }

    @Test
    void bytesThatAreNoTextAreAsGoodAsAbsent() throws IOException {
        var file = new AlgorithmFile(folder, "gpu");
        file.keep(ONE, HostMatmuls.algorithm(1), Optional.empty());
        try (Stream<Path> files = Files.list(folder)) {
            Path text = files.filter(path -> path.toString().endsWith(".txt"))
                    .findFirst()
                    .orElseThrow();
            Files.write(text, new byte[] {(byte) 0xFF, (byte) 0xC0, 0, 10, (byte) 0x80});
        }

        assertThat(new AlgorithmFile(folder, "gpu").find(ONE)).isEmpty();
    }
}
