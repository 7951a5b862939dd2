package dev.tandem.lab.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tandem.lab.BadInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CorpusReaderTest {
    private static final CorpusReader READER = new CorpusReader(1 << 20);

    @TempDir
    Path folder;

    private Path write(String name, String text) throws IOException {
        Path path = folder.resolve(name);
        Files.createDirectories(path.getParent());
        return Files.writeString(path, text);
    }

    private static byte[] joined(Corpus corpus) {
        return corpus.documents().stream()
                .map(document -> new String(document.text(), StandardCharsets.ISO_8859_1))
                .collect(Collectors.joining())
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void aTextFileIsCutIntoDocumentsWithoutLosingAByte() throws IOException {
        String text = "A line of text, with Grüße.\nAnother one.\n\n".repeat(800);
        var corpus = READER.read(write("a.txt", text));
        assertThat(joined(corpus)).isEqualTo(text.getBytes(StandardCharsets.UTF_8));
        assertThat(corpus.documents()).hasSizeGreaterThan(10);
        assertThat(corpus.documents())
                .as("cut after blank lines only")
                .allSatisfy(document -> assertThat(new String(document.text(), StandardCharsets.UTF_8))
                        .startsWith("A line")
                        .endsWith("one.\n\n"));
    }

    @Test
    void textWithoutLinesIsCutBetweenCharacters() throws IOException {
        String text = "ü".repeat(40_000);
        var corpus = READER.read(write("a.txt", text));
        assertThat(corpus.documents())
                .hasSizeGreaterThan(2)
                .allSatisfy(document -> assertThat(new String(document.text(), StandardCharsets.UTF_8))
                        .doesNotContain("\ufffd"));
        assertThat(joined(corpus)).isEqualTo(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aFolderGivesItsTextFilesInOrderOfTheirNames() throws IOException {
        write("b.txt", "bee");
        write("sub/a.txt", "ay");
        write("A.txt", "big ay");
        write("copy.txt", "bee");
        write("empty.txt", "");
        write(".hidden/x.txt", "hidden");
        Files.write(folder.resolve("binary.bin"), new byte[] {1, 0, 2});
        var corpus = READER.read(folder);
        assertThat(corpus.documents())
                .extracting(Document::name)
                .hasSize(3)
                .contains("A.txt", "sub/a.txt")
                .isSorted();
        assertThat(corpus.skippedFiles()).isEqualTo(3);
    }

    @Test
    void anArchiveGivesTheSameTextAsItsFolder() throws IOException {
        write("in/b.txt", "bee");
        write("in/sub/a.txt", "ay");
        Path zip = folder.resolve("in.zip");
        try (var out = new ZipOutputStream(Files.newOutputStream(zip))) {
            for (String name : new String[] {"sub/a.txt", "b.txt"}) {
                out.putNextEntry(new ZipEntry(name));
                out.write(Files.readAllBytes(folder.resolve("in").resolve(name)));
            }
        }
        assertThat(READER.read(zip).sha256())
                .isEqualTo(READER.read(folder.resolve("in")).sha256());
    }

    @Test
    void theLimitHoldsAndChoosesTheSameFilesEachTime() throws IOException {
        for (int i = 0; i < 50; i++) {
            write("f" + i + ".txt", ("text of file " + i + " ").repeat(10));
        }
        var corpus = new CorpusReader(2000).read(folder);
        assertThat(corpus.bytes()).isLessThanOrEqualTo(2000);
        assertThat(corpus.availableBytes()).isGreaterThan(5000);
        assertThat(new CorpusReader(2000).read(folder).sha256()).isEqualTo(corpus.sha256());
        assertThat(corpus.documents())
                .as("spread over the names, not the first ones")
                .extracting(Document::name)
                .anyMatch(name -> name.compareTo("f3") > 0)
                .anyMatch(name -> name.compareTo("f2") < 0);
    }

    @Test
    void theJdksSourcesAreTheDefaultCorpus() {
        Path home = Path.of(System.getProperty("java.home"));
        org.junit.jupiter.api.Assumptions.assumeTrue(
                Files.isReadable(home.resolve("lib/src.zip")), "this JDK came without lib/src.zip");
        var corpus = READER.jdkSources(home);
        assertThat(corpus.bytes()).isBetween(1L << 19, 1L << 20);
        assertThat(corpus.documents())
                .allSatisfy(document -> assertThat(document.name()).startsWith("java.base/"));
    }

    @Test
    void aJdkWithoutSourcesIsNamedWithTheRemedy() {
        assertThatThrownBy(() -> READER.jdkSources(folder))
                .isInstanceOf(BadInputException.class)
                .hasMessageContainingAll("src.zip", "without its sources", "--corpus");
    }

    @Test
    void aMissingPathIsNamed() {
        assertThatThrownBy(() -> READER.read(folder.resolve("nowhere.txt")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContainingAll("nowhere.txt", "no such file");
    }

    @Test
    void anEmptyFileIsRefused() throws IOException {
        var path = write("empty.txt", "");
        assertThatThrownBy(() -> READER.read(path))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("empty");
    }

    @Test
    void aBinaryFileIsRefused() throws IOException {
        var path = Files.write(folder.resolve("a.dat"), new byte[] {80, 75, 3, 4, 0, 0, 0});
        assertThatThrownBy(() -> READER.read(path))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("binary");
    }

    @Test
    void anEmptyFolderIsRefused() {
        assertThatThrownBy(() -> READER.read(folder))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("holds no files that may be read");
    }

    @Test
    void aFolderOfBinaryFilesIsRefused() throws IOException {
        Files.write(folder.resolve("a.dat"), new byte[16]);
        assertThatThrownBy(() -> READER.read(folder))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("none of its 1 files is text");
    }

    @Test
    void aBrokenArchiveIsRefusedWithoutAStackOfCauses() throws IOException {
        var path = write("broken.zip", "this is no archive");
        assertThatThrownBy(() -> READER.read(path))
                .isInstanceOf(BadInputException.class)
                .hasMessageContainingAll("broken.zip", "cannot be read");
    }
}
