package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The bindings of cuBLASLt: their real native code, in a process of its own, on a library made for the purpose
/// that computes what it is asked for on the processor.
final class CublasLtTest {
    private static final List<String> EMPTY_LIBRARIES = List.of("libcudart.so.13", "libcublas.so.13");

    @TempDir
    Path folder;

    @BeforeAll
    static void demandCompiler() {
        ShimBackend.demandCompiler();
    }

    private void build(String name, String source, String... flags) throws IOException {
        Path text = Files.writeString(folder.resolve(name + ".cpp"), source);
        List<String> command = new ArrayList<>(
                List.of(HostLibrary.compiler(), "-shared", "-fPIC", "-O1", "-ffp-contract=off", "-Wl,-soname," + name));
        command.addAll(List.of(flags));
        command.addAll(List.of("-o", folder.resolve(name).toString(), text.toString()));
        assertThat(HostLibrary.execute(command)).isEmpty();
    }

    private void buildLibraries(int version) throws IOException {
        for (String empty : EMPTY_LIBRARIES) {
            build(empty, "");
        }
        String stub = HostLibrary.resource("cublas_stub.cpp");
        build("libcuda.so.1", stub, "-DSTUB_VERSION=" + version);
        build("libcublasLt.so.13", stub, "-DSTUB_VERSION=" + version);
    }

    private String run() {
        return ChildProcess.run(
                CublasLtMain.class,
                List.of("--enable-native-access=ALL-UNNAMED", "-Dtandem.cuda.libraries=" + folder),
                ChildProcess.classPath());
    }

    @Test
    void productsThroughTheBindingsHaveTheBitsOfTheirDescription() throws IOException {
        buildLibraries(130_100);

        String output = run();

        assertThat(output)
                .contains("cuBLASLt: usable", "no GPU, cuBLASLt 13.1.0", "refused: []", "foreign: Optional.empty")
                .contains("kept by trials: 0", "time: 1.5", "left: 0", "exit status 0")
                .doesNotContain("other ");
        assertThat(output.lines().filter(line -> line.startsWith("same "))).hasSize(18);
    }

    @Test
    void anotherMajorVersionIsNotUsed() throws IOException {
        buildLibraries(140_000);

        assertThat(run()).contains("cuBLASLt: cuBLASLt is version 14.0.0: install that of CUDA 13", "exit status 0");
    }

    @Test
    void anAbsentLibraryIsAReasonAndNotTheEndOfTheProcess() {
        assertThat(run())
                .contains("cuBLASLt: cuBLAS does not load", "libcublasLt.so.13", "-Dtandem.cuda.libraries")
                .contains("exit status 0");
    }
}
