package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `doctor` tells about libraries, from libraries made for the purpose.
final class CudaRequirementsTest {
    @TempDir
    Path folder;

    private Optional<String> bindings = Optional.empty();

    @BeforeAll
    static void demandCompiler() {
        ShimBackend.demandCompiler();
    }

    private Map<String, String> found() {
        var properties = new Properties();
        properties.setProperty("tandem.cuda.libraries", folder.toString());
        CudaLibraries libraries = CudaLibraries.of(Settings.read(properties, Map.of()), Map.of());
        return new CudaRequirements(libraries, () -> bindings).found();
    }

    private void build(String library, String source) throws IOException {
        Path text = Files.writeString(folder.resolve(library + ".c"), source);
        String output = HostLibrary.execute(List.of(
                HostLibrary.compiler(),
                "-x",
                "c",
                "-shared",
                "-fPIC",
                "-o",
                folder.resolve(library).toString(),
                text.toString()));
        assertThat(output).isEmpty();
    }

    private void buildCublas() throws IOException {
        build("libcublasLt.so.13", "unsigned long cublasLtGetVersion(void) { return 130405; }");
        build("libcublas.so.13", "");
    }

    @Test
    void everyLibraryTellsItsVersionInItsOwnWay() throws IOException {
        build("libcudart.so.13", "int cudaRuntimeGetVersion(int* version) { *version = 13010; return 0; }");
        build("libnvrtc.so.13", "int nvrtcVersion(int* major, int* minor) { *major = 13; *minor = 3; return 0; }");
        buildCublas();

        assertThat(found())
                .containsEntry("CUDA runtime", "13.1, " + folder.resolve("libcudart.so.13"))
                .containsEntry("NVRTC", "13.3, " + folder.resolve("libnvrtc.so.13"))
                .containsEntry("cuBLAS", "13.4.5, " + folder.resolve("libcublasLt.so.13"));
    }

    @Test
    void aLibraryThatIsNoneIsNamed() throws IOException {
        Files.writeString(folder.resolve("libcublasLt.so.13"), "no library");
        build("libnvrtc.so.13", "");

        assertThat(found())
                .hasEntrySatisfying(
                        "cuBLAS",
                        found -> assertThat(found).startsWith("does not load: " + folder.resolve("libcublasLt.so.13")))
                .containsEntry(
                        "NVRTC", "of unknown version, without nvrtcVersion, " + folder.resolve("libnvrtc.so.13"));
    }

    @Test
    void withoutCublasDoctorSaysWhatIsSlowerAndWhatToInstall() throws IOException {
        assertThat(found().get("cuBLAS"))
                .startsWith("not found; large products run on Tandem's own kernels, slower: install libcublasLt.so.13")
                .contains("-Dtandem.cuda.libraries", folder.toString());

        build("libcublasLt.so.13", "unsigned long cublasLtGetVersion(void) { return 130405; }");
        assertThat(found().get("cuBLAS"))
                .startsWith("13.4.5, " + folder.resolve("libcublasLt.so.13") + ", without libcublas.so.13; ");
    }

    @Test
    void withoutBindingsOfCublasDoctorSaysSo() throws IOException {
        buildCublas();
        bindings = Optional.of("its bindings are absent");

        assertThat(found())
                .containsEntry(
                        "cuBLAS",
                        "13.4.5, " + folder.resolve("libcublasLt.so.13")
                                + "; large products run on Tandem's own kernels, slower: its bindings are absent");
    }

    @Test
    void bindingsWhoseNativeCodeIsAbsentAreAReason() throws IOException {
        buildCublas();
        List<String> flags = List.of("--enable-native-access=ALL-UNNAMED", "-Dtandem.cuda.libraries=" + folder);
        String complete = ChildProcess.run(ProbeMain.class, flags, ChildProcess.classPath());
        List<String> rest = ChildProcess.classPath().stream()
                .filter(path -> !Path.of(path).getFileName().toString().matches("cuda-\\d.*linux-x86_64\\.jar"))
                .toList();

        assertThat(complete).contains("cuBLAS: 13.4.5, ").doesNotContain("libjnicublas");
        assertThat(ChildProcess.run(ProbeMain.class, flags, rest))
                .contains("cuBLAS: 13.4.5, ", "slower: JavaCPP's bindings are incomplete, without libjnicublas.so: add")
                .endsWith("exit status 0");
    }

    @Test
    void whatIsInNoKnownFolderIsFoundAsTheLinkerFindsIt() throws IOException {
        build("libnvrtc.so.13", "int nvrtcVersion(int* major, int* minor) { *major = 13; *minor = 3; return 0; }");
        List<String> command = new ArrayList<>(List.of("env", "LD_LIBRARY_PATH=" + folder));
        command.addAll(ChildProcess.command(
                ProbeMain.class, List.of("--enable-native-access=ALL-UNNAMED"), ChildProcess.classPath()));

        assertThat(HostLibrary.printed(command)).contains("NVRTC: 13.3, " + folder.resolve("libnvrtc.so.13"));
    }

    @Test
    void bindingsTellTheirVersion() {
        assertThat(found().get("bindings")).matches("org\\.bytedeco:cuda 13\\.\\d.*");
    }
}
