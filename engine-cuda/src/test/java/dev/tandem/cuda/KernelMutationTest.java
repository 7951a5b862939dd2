package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// Tests of the tests: kernels with a known fault, each in a process of its own, must fail them.
///
/// `mutations.txt` lists the faults and how to run this.
@EnabledIfSystemProperty(
        named = KernelMutationTest.WHICH,
        matches = ".+",
        disabledReason = "takes minutes; see mutations.txt")
final class KernelMutationTest {
    /// `all`, or words of the faults wanted.
    static final String WHICH = "tandem.mutations";

    private static final Path FOLDER = Path.of("target", "mutants");
    private static final Path SOURCES = Path.of("src", "main", "resources", "dev", "tandem", "cuda");
    private static final int CRASH = 128; // and the signal

    @TestFactory
    Stream<DynamicTest> everyFaultIsFound() {
        ShimBackend.demandCompiler();
        String which = System.getProperty(WHICH, "all");
        List<Mutation> chosen = Mutation.all().stream()
                .filter(mutation -> which.equals("all") || mutation.toString().contains(which))
                .toList();
        Stream<DynamicTest> faults =
                chosen.stream().map(mutation -> DynamicTest.dynamicTest(mutation.toString(), () -> kills(mutation)));
        Stream<DynamicTest> controls = chosen.stream()
                .map(Mutation::tests)
                .distinct()
                .map(tests -> DynamicTest.dynamicTest("no fault, " + tests, () -> passes(tests)));
        return Stream.concat(controls, faults);
    }

    private static void passes(String tests) {
        String output = run(tests, List.of());
        assertThat(status(output)).as(output).isEqualTo(MutantMain.SURVIVED);
    }

    private static void kills(Mutation mutation) throws IOException {
        Path entry = FOLDER.resolve(String.valueOf(Objects.hash(mutation)));
        mutation.apply(SOURCES, entry.resolve("dev/tandem/cuda"));
        String output = run(mutation.tests(), List.of(entry.toString()));
        int status = status(output);
        String outcome = status == MutantMain.KILLED
                ? "killed"
                : status == MutantMain.SURVIVED ? "SURVIVED" : status > CRASH ? "killed (crash)" : "NOT RUN";
        System.out.printf("| %s | %s | %s |%n", outcome, mutation.tests(), mutation);
        assertThat(outcome).as(output).startsWith("killed");
    }

    private static String run(String tests, List<String> first) {
        List<String> classPath = new ArrayList<>(first);
        classPath.addAll(ChildProcess.classPath());
        List<String> flags = List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-XX:ErrorFile=" + FOLDER.resolve("crash-%p.log"),
                "-Dtandem.shared=" + System.getProperty("tandem.shared", "../shared"),
                "-D%s=%s".formatted(MutantMain.TESTS, tests));
        return ChildProcess.run(MutantMain.class, flags, classPath);
    }

    private static int status(String output) {
        return Integer.parseInt(output.substring(output.lastIndexOf(' ') + 1));
    }
}
