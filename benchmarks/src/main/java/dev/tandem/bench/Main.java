package dev.tandem.bench;

import dev.tandem.bench.report.Comparison;
import dev.tandem.bench.report.OutputFolder;
import dev.tandem.bench.report.Report;
import dev.tandem.engine.BackendUnavailable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `tandem bench`: measures, reports, compares.
@Command(
        name = "tandem bench",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Measures kernels, the MoE layer, training steps and decoding in FLOP/s and bytes/s, and as per cent of what this"
                    + " machine can do at that moment; and how soon a process computes at full speed, in how much memory. Writes bench.json, bench.md and plots.",
            "Results are checked against the float64 reference before they are timed."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:failed: a benchmark gave no result, or --compare found one that is slower beyond noise",
            "2:bad input: an unknown option, an unusable file or folder",
            "3:the backend is not available on this machine",
            "130:ended by Ctrl-C; the report holds what was measured"
        })
public final class Main implements Callable<Integer> {
    private static final int OK = 0;
    private static final int FAILED = 1;
    private static final int BAD_INPUT = 2;
    private static final int NO_BACKEND = 3;
    private static final int MOST_THREADS = 1024;
    private static final int ONE_PER_PROCESSOR = 0;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = "--suite",
            paramLabel = "NAME",
            split = ",",
            description = "What to measure: ${COMPLETION-CANDIDATES}; several by commas. Default: all.")
    private List<Suite> suites = new ArrayList<>(EnumSet.allOf(Suite.class));

    @Option(
            names = "--only",
            paramLabel = "TEXT",
            description = "Measure only benchmarks whose name contains TEXT, such as Linear or Attention.backward.")
    private Optional<String> only = Optional.empty();

    @Option(
            names = "--quick",
            description =
                    "One case of each benchmark, in one process: about four minutes, fifteen with --peers; numbers that only indicate.")
    private boolean quick;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description = "Backend to measure; 'tandem doctor' lists them. Default: the best available one.")
    private Optional<String> backend = Optional.empty();

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute, 1 to 1024. Default: one per processor.")
    private Optional<Integer> threads = Optional.empty();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "runs/bench",
            description = "Folder for the report; files of an earlier one are replaced. Default: ${DEFAULT-VALUE}.")
    private Path out = Path.of("runs/bench");

    @Option(
            names = "--compare",
            arity = "0..2",
            paramLabel = "OLD NEW",
            hideParamSyntax = true,
            description = "Measure nothing; say what moved beyond noise between an old and a new bench.json.")
    private List<Path> compare = List.of();

    @Option(
            names = "--peers",
            arity = "0..1",
            paramLabel = "only",
            fallbackValue = "",
            converter = PeerUse.Converter.class,
            description =
                    "Ask other libraries the same questions in the same rounds, and, on a CPU, Tandem itself on one thread"
                            + " in what multiply-adds bound; libraries are downloaded on first use, 380 MB."
                            + " 512 experts need 20 GiB of memory."
                            + " With =only, nothing else is measured.")
    private Optional<PeerUse> peers = Optional.empty();

    @Option(names = "--no-progress", description = "Show results only.")
    private boolean noProgress;

    @Option(names = "--debug", description = "Show the stack trace of a failure.")
    private boolean debug;

    /// What else is measured beside other libraries.
    enum PeerUse {
        /// Everything.
        TOO,
        /// Nothing.
        ONLY;

        /// Reads what follows `--peers`.
        static final class Converter implements CommandLine.ITypeConverter<PeerUse> {
            @Override
            public PeerUse convert(String value) {
                return switch (value.toLowerCase(Locale.ROOT)) {
                    case "" -> TOO;
                    case "only" -> ONLY;
                    default ->
                        throw new CommandLine.TypeConversionException(
                                "it is --peers or --peers=only, not '" + value + "'");
                };
            }
        }
    }

    private Main() {}

    /// Runs the command and ends the process with its exit code.
    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true");
        var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        System.exit(run(out, err, args));
    }

    /// Runs the command.
    ///
    /// @return its exit code
    static int run(PrintWriter out, PrintWriter err, String... args) {
        CommandLine.tracer().setLevel(CommandLine.TraceLevel.OFF); // the last of two equal options wins, silently
        var main = new Main();
        return new CommandLine(main)
                .setOut(out)
                .setErr(err)
                .setOverwrittenOptionsAllowed(true)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler(Main::misunderstood)
                .setExecutionExceptionHandler((failure, command, _) -> main.failed(failure, command))
                .execute(args);
    }

    private static int misunderstood(ParameterException failure, String[] args) {
        PrintWriter err = failure.getCommandLine().getErr();
        err.println("tandem bench: " + failure.getMessage());
        err.println("Try 'tandem bench --help'.");
        return BAD_INPUT;
    }

    private int failed(Exception failure, CommandLine command) {
        PrintWriter err = command.getErr();
        err.println("tandem bench: " + failure.getMessage());
        if (debug) {
            failure.printStackTrace(err);
        }
        return switch (failure) {
            case BackendUnavailable _ -> NO_BACKEND;
            case IllegalArgumentException _ -> BAD_INPUT;
            default -> FAILED;
        };
    }

    @Override
    public Integer call() throws IOException {
        return spec.commandLine().getParseResult().hasMatchedOption("--compare") ? compare() : measure();
    }

    private int compare() {
        if (compare.size() != 2) {
            throw new BadInputException(
                    "--compare",
                    "it needs two reports, " + compare.size() + " given",
                    "Give --compare OLD.json NEW.json");
        }
        var comparison = new Comparison(Report.read(compare.getFirst()), Report.read(compare.getLast()));
        if (comparison.isEmpty()) {
            throw new BadInputException(
                    "--compare",
                    "the two reports have no benchmark in common",
                    "Give two reports of the same benchmarks and sizes");
        }
        PrintWriter text = spec.commandLine().getOut();
        text.print(comparison.text());
        text.flush();
        return comparison.slower() ? FAILED : OK;
    }

    /// What names shall contain.
    private String only() {
        if (only.isPresent() && only.get().isBlank()) {
            throw new BadInputException(
                    "--only", "its text is blank", "Give a part of a name, or leave it out to measure all");
        }
        return only.orElse("");
    }

    private int measure() throws IOException {
        int threads = threads();
        String only = only();
        var chosen = BackendChoice.of(backend);
        var measured = peers.equals(Optional.of(PeerUse.ONLY)) ? List.<Suite>of() : suites;
        var request = new Plan.Request(measured, only, chosen.name(), chosen.weights(), threads, quick);
        var plan = Plan.of(request, new Listening());
        var others = others();
        var asked = new Peers.Request(chosen.name(), threads, only, quick);
        double seconds =
                others.stream().mapToDouble(peer -> peer.seconds(asked)).sum();
        if (plan.size() == 0 && seconds == 0) {
            throw request.noneNamed();
        }
        var folder = OutputFolder.prepare(out);
        PrintWriter text = spec.commandLine().getOut();
        text.println("%s: %s, about %s; report in %s"
                .formatted(chosen.name(), plan.sizeText(), Terminal.duration(plan.seconds() + seconds), out));
        var terminal = new Terminal(text, !noProgress && isTerminal());
        var session = new Session(provenance(chosen));
        var answers = new PeerSession(terminal);
        var finished = new AtomicBoolean();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (!finished.get()) {
                keep(session.report(answers), folder, terminal);
            }
        }));
        session.run(plan, new TerminalProgress(terminal, plan, System::nanoTime));
        others.forEach(peer -> peer.compare(asked, answers));
        finished.set(true);
        Report report = session.report(answers);
        folder.write(report).forEach(file -> terminal.line("written: " + file));
        return report.failures().isEmpty() ? OK : FAILED;
    }

    private int threads() {
        threads.filter(count -> count < 1 || count > MOST_THREADS).ifPresent(count -> {
            throw new BadInputException(
                    "--threads " + count, "it must be 1 to " + MOST_THREADS, "Leave it out for one per processor");
        });
        return threads.orElse(ONE_PER_PROCESSOR);
    }

    private List<Peers> others() {
        if (peers.isEmpty()) {
            return List.of();
        }
        var found = ServiceLoader.load(Peers.class).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
        if (found.isEmpty()) {
            throw new BadInputException(
                    "--peers",
                    "this build holds no other libraries",
                    "Run './tandem bench --peers', which builds with them");
        }
        return found;
    }

    private Map<String, String> provenance(BackendChoice chosen) {
        return Provenance.of(
                "tandem bench "
                        + String.join(" ", spec.commandLine().getParseResult().originalArgs()),
                System.getProperty("tandem.commit", "unknown"),
                chosen.description(),
                Instant.now());
    }

    private static void keep(Report report, OutputFolder folder, Terminal terminal) {
        try {
            folder.write(report);
            terminal.line("ended early; the report holds what was measured");
        } catch (IOException e) {
            terminal.line("ended early, and the report could not be written: " + e.getMessage());
        }
    }

    @SuppressWarnings("SystemConsoleNull") // it does return null on JDK 25 when input or output is redirected
    private static boolean isTerminal() {
        var console = System.console();
        return console != null && console.isTerminal() && !"dumb".equals(System.getenv("TERM"));
    }
}
