package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every kernel through NVIDIA's compiler, for the GPUs that releases carry images for. Run by
/// `-Pcuda-gate`; it needs no GPU.
@EnabledIfSystemProperty(named = "tandem.cuda.gate", matches = "true", disabledReason = "runs with -Pcuda-gate")
final class CompileGateTest {
    private static final List<String> TARGETS = List.of("sm_80", "sm_89", "sm_90a");
    private static final int LARGEST_SHARED = 227 * 1024;

    @BeforeAll
    static void standInForTheDriver() {
        DriverStub.loadWhereThereIsNoDriver();
    }

    static Stream<String> files() {
        return DeclaredKernel.files().stream();
    }

    @ParameterizedTest
    @MethodSource("files")
    void compilesToCodeWithoutSpillsForTheArgumentsThatJavaPasses(String file) {
        KernelCompiler compiler = compiler();
        KernelSource source = KernelSource.of(file);
        var asserted = new KernelSource(file, source.text() + layoutAssertions(source));
        List<String> faults = new ArrayList<>();
        for (String target : TARGETS) {
            KernelCompiler.Compiled compiled = compiler.compile(asserted, target);
            List<CompilerReport> reports = CompilerReport.of(compiled.log());
            assertThat(reports.stream().map(CompilerReport::kernel))
                    .as("kernels of %s for %s", file, target)
                    .containsExactlyInAnyOrderElementsOf(DeclaredKernel.of(source).stream()
                            .map(DeclaredKernel::name)
                            .toList());
            reports.stream().filter(CompileGateTest::isFaulty).forEach(report -> faults.add(target + " " + report));
            keep(source, target, CubinImage.withoutIntermediateCode(compiled.cubin()));
        }
        assertThat(faults)
                .as(
                        "kernels of %s with local memory (arrays indexed at run time), spills (too many registers), or too"
                                + " much shared memory",
                        file)
                .isEmpty();
    }

    @Test
    void whatTheCompilerRefusesIsSaidInItsWords() {
        var wrong = new KernelSource("wrong.cu", "extern \"C\" __global__ void wrong() { undeclared = 1; }");

        assertThat(org.assertj.core.api.Assertions.catchThrowable(
                        () -> compiler().compile(wrong, "sm_80")))
                .hasMessageContaining("wrong.cu does not compile for sm_80")
                .hasMessageContaining("undeclared");
    }

    @Test
    void aSpillIsNotOverlooked() {
        var spilling = new KernelSource("spilling.cu", """
                extern "C" __global__ void spilling(int* out, int n) {
                    int local[64];
                    for (int i = 0; i < 64; i++) { local[out[i]] += i; }
                    out[0] = local[n];
                }
                """);

        assertThat(CompilerReport.of(compiler().compile(spilling, "sm_90a").log()))
                .singleElement()
                .matches(report -> report.stackBytes() >= 256, "has local memory");
    }

    @Test
    void whatIsKeptOfAnImageIsItsCodeAndNotTheTextItWasMadeFrom() {
        byte[] compiled =
                compiler().compile(KernelSource.of("add.cu"), "sm_90a").cubin();
        byte[] kept = CubinImage.withoutIntermediateCode(compiled);

        assertThat(text(compiled)).contains(".visible .entry");
        assertThat(text(kept)).doesNotContain(".visible .entry").contains(".text.add_forward_bf16", "add.cu");
        assertThat(kept).hasSameSizeAs(compiled);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static boolean isFaulty(CompilerReport report) {
        return report.stackBytes() > 0 || report.spilledBytes() > 0 || report.sharedBytes() > LARGEST_SHARED;
    }

    /// The records of Java, as assertions about the structures of C.
    private static String layoutAssertions(KernelSource source) {
        var structures = DeclaredKernel.of(source).stream()
                .collect(Collectors.toMap(DeclaredKernel::name, DeclaredKernel::structure));
        var text = new StringBuilder("#line 1 \"arguments passed by Java\"\n");
        for (RecordingAccelerator.Request request : RecordingAccelerator.requests()) {
            if (!request.source().equals(source.file())) {
                continue;
            }
            assertThat(structures)
                    .withFailMessage(
                            "Java asks for the kernel %s, which %s does not declare by TANDEM_KERNEL; it declares %s",
                            request.kernel(), source.file(), structures.keySet())
                    .containsKey(request.kernel());
            String structure = structures.get(request.kernel());
            text.append("static_assert(sizeof(%s) == %d);%n"
                    .formatted(structure, request.layout().bytes()));
            for (ArgumentLayout.Field field : request.layout().fields()) {
                text.append("static_assert(__INTADDR__(&((%s*) 0)->%s) == %d);%n"
                        .formatted(structure, field.name(), field.offset()));
            }
        }
        return text.toString();
    }

    private static KernelCompiler compiler() {
        return Nvrtc.find().orElseThrow(() -> new AssertionError("-Pcuda-gate brings NVRTC, but it does not load"));
    }

    /// Puts an image where the jar is made from, in the place of older ones of the same source.
    private static void keep(KernelSource source, String target, byte[] bytes) {
        Path folder = Path.of(System.getProperty("tandem.cuda.images", "target/cubin"));
        String name = CudaModules.imageName(source, target);
        try {
            Files.createDirectories(folder);
            try (DirectoryStream<Path> old =
                    Files.newDirectoryStream(folder, name.substring(0, name.lastIndexOf('-')) + "-*.cubin")) {
                for (Path image : old) {
                    Files.delete(image);
                }
            }
            Files.write(folder.resolve(name), bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
