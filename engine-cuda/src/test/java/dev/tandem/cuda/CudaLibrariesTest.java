package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Where CUDA's libraries are looked for, in a file system made for the purpose.
final class CudaLibrariesTest {
    private static final String LIBRARY = "libcudart.so.13";

    @TempDir
    Path root;

    private final Map<String, String> environment = new HashMap<>();
    private final Properties properties = new Properties();

    private CudaLibraries libraries() {
        return CudaLibraries.of(Settings.read(properties, environment), environment, root);
    }

    private Path library(String folder) throws IOException {
        return Files.createFile(Files.createDirectories(root.resolve(folder)).resolve(LIBRARY));
    }

    @ParameterizedTest
    @CsvSource({
        "usr/local/cuda/lib64",
        "usr/local/cuda/lib",
        "usr/local/cuda-13.2/lib64",
        "usr/local/cuda-13.0/lib",
        "usr/lib/python3/dist-packages/nvidia/cu13/lib",
        "usr/local/lib/python3.12/dist-packages/nvidia/cu13/lib"
    })
    void theSystemsPlacesAreSearched(String folder) throws IOException {
        assertThat(libraries().find(LIBRARY)).isEmpty();
        Path library = library(folder);

        assertThat(libraries().find(LIBRARY)).contains(library);
    }

    @ParameterizedTest
    @CsvSource({
        "CUDA_HOME, toolkit, toolkit/lib64",
        "CUDA_PATH, toolkit, toolkit/lib",
        "VIRTUAL_ENV, venv, venv/lib/python3.13/site-packages/nvidia/cu13/lib",
        "CONDA_PREFIX, conda, conda/lib/python3.11/site-packages/nvidia/cu13/lib",
        "HOME, home/u, home/u/.local/lib/python3.10/site-packages/nvidia/cu13/lib"
    })
    void soAreThoseOfTheEnvironment(String variable, String value, String folder) throws IOException {
        Path library = library(folder);
        assertThat(libraries().find(LIBRARY)).isEmpty();
        environment.put(variable, root.resolve(value).toString());

        assertThat(libraries().find(LIBRARY)).contains(library);
    }

    @Test
    void soIsThePythonOfTheSearchPath() throws IOException {
        Path library = library("opt/conda/lib/python3.12/site-packages/nvidia/cu13/lib");
        Path programs = Files.createDirectories(root.resolve("opt/conda/bin"));
        environment.put("PATH", "/nowhere:" + programs);
        assertThat(libraries().find(LIBRARY)).isEmpty();
        assertThat(Files.createFile(programs.resolve("python3")).toFile().setExecutable(true))
                .isTrue();

        assertThat(libraries().find(LIBRARY)).contains(library);
    }

    @Test
    void theSettingComesFirstThenTheEnvironment() throws IOException {
        library("usr/local/cuda/lib64");
        Path own = library("toolkit/lib64");
        environment.put("CUDA_HOME", root.resolve("toolkit").toString());
        assertThat(libraries().find(LIBRARY)).contains(own);
        Path named = library("named");
        properties.setProperty("tandem.cuda.libraries", root.resolve("named").toString());

        assertThat(libraries().find(LIBRARY)).contains(named);
    }

    @Test
    void aToolkitOfAnotherMajorVersionIsNone() throws IOException {
        library("usr/local/cuda-12.8/lib64");

        assertThat(libraries().find(LIBRARY)).isEmpty();
    }
}
