package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files of the system as they are, and spoilt.
final class SystemFileTest {
    private static final String MAPPED = """
            55d0c0a00000-55d0c0a01000 r-xp 00000000 fd:01 1311 /usr/bin/java
            7f10a0000000-7f10a0021000 rw-p 00000000 00:00 0
            7f10a1000000-7f10a2000000 r-xp 00000000 fd:01 42   /opt/my cuda/lib64/libcublasLt.so.13.1.0.3
            7f10a3000000-7f10a4000000 r-xp 00000000 fd:01 43   /usr/local/cuda/lib64/libcublas.so.13
            7f10a5000000-7f10a6000000 r-xp 00000000 fd:01 44   /opt/libcudart.so.13.d/libother.so
            7f10a7000000-7f10a8000000 r-xp 00000000 fd:01 45   /opt/libnvrtc.so.130
            7f10a9000000-7f10aa000000 r-xp 00000000 fd:01 46   /tmp/libnvrtc.so.13.1.80 (deleted)
            7fff5a000000-7fff5a021000 rw-p 00000000 00:00 0    [stack]
            """;

    @TempDir
    Path folder;

    /// @param bytes each a character
    private SystemFile holding(String bytes) throws IOException {
        return SystemFile.read(Files.writeString(folder.resolve("file"), bytes, StandardCharsets.ISO_8859_1));
    }

    @Test
    void theFileOfALoadedLibraryIsTheOneOfItsNameWithMoreNumbers() {
        var mapped = new SystemFile(MAPPED);

        assertThat(mapped.library("libcublasLt.so.13")).contains("/opt/my cuda/lib64/libcublasLt.so.13.1.0.3");
        assertThat(mapped.library("libcublas.so.13")).contains("/usr/local/cuda/lib64/libcublas.so.13");
        assertThat(mapped.library("libnvrtc.so.13")).contains("/tmp/libnvrtc.so.13.1.80");
        assertThat(mapped.library("libcudart.so.13"))
                .as("a folder is no library")
                .isEmpty();
    }

    @Test
    void spoiltLinesAreAbsent() throws IOException {
        var bytes = new StringBuilder("/\n\n7f10\n\0\0 r-xp\n//\n");
        for (char each = 0; each < 256; each++) {
            bytes.append(each);
        }

        assertThat(holding(bytes.toString()).library("libcublas.so.13")).isEmpty();
        assertThat(holding(bytes.toString()).driver()).isEmpty();
    }

    @Test
    void aPathThatIsNotInUtf8StillNamesItsLibrary() throws IOException {
        assertThat(holding("7f10-7f11 r-xp 0 fd:01 4 /opt/caf\u00E9/libcublas.so.13\n")
                        .library("libcublas.so.13"))
                .contains("/opt/caf\uFFFD/libcublas.so.13");
    }

    @Test
    void theKernelModuleTellsTheDriversVersion() throws IOException {
        assertThat(holding("NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.82.07  Wed Aug 27\nGCC version: 13\n")
                        .driver())
                .contains("580.82.07");
        assertThat(holding("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\n")
                        .driver())
                .contains("580.95.05");
        assertThat(SystemFile.read(folder.resolve("absent")).driver()).isEmpty();
    }
}
