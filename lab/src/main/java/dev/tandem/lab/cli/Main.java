package dev.tandem.lab.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The command line of Tandem.
@Command(
        name = "tandem",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Version.class,
        description = "Trains and measures Mixture-of-Experts language models on the JVM.",
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:failed: a test failed, training diverged, or results could not be kept",
            "2:bad input: an unknown option, a value out of range, an unusable file",
            "3:the backend is not available on this machine",
            "130:ended by Ctrl-C; the report holds what was reached"
        },
        subcommands = {
            BenchCommand.class,
            BundleCommand.class,
            CompareCommand.class,
            DoctorCommand.class,
            GpuCheckCommand.class,
            InfoCommand.class,
            SelftestCommand.class
        })
public final class Main implements Callable<Integer> {
    // Commands say themselves which backend they use. Held, or the setting would be collected with it.
    private static final Logger ENGINE_LOG = Logger.getLogger("dev.tandem.engine");
    private static final String LOG_FORMAT = "java.util.logging.SimpleFormatter.format";

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Show the stack trace of a failure.")
    private boolean debug;

    private Main() {}

    /// Runs one command and ends the process with its exit code.
    public static void main(String[] args) {
        if (System.getProperty(LOG_FORMAT) == null) {
            System.setProperty(LOG_FORMAT, "%5$s%6$s%n"); // a line per message, not two
        }
        if (ENGINE_LOG.getLevel() == null) {
            ENGINE_LOG.setLevel(Level.WARNING);
        }
        System.setProperty("java.awt.headless", "true");
        var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        System.exit(run(out, err, args));
    }

    /// Runs one command.
    ///
    /// @return its exit code
    static int run(PrintWriter out, PrintWriter err, String... args) {
        CommandLine.tracer().setLevel(CommandLine.TraceLevel.OFF); // the last of two equal options wins, silently
        var main = new Main();
        var line = new CommandLine(main)
                .setOut(out)
                .setErr(err)
                .setOverwrittenOptionsAllowed(true)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .setUsageHelpLongOptionsMaxWidth(34)
                .setParameterExceptionHandler(Failures::ofParameters)
                .setExecutionExceptionHandler((failure, command, _) -> Failures.of(failure, command, main.debug));
        try {
            return line.execute(unknownCommand(line, args) ? new String[] {args[0]} : args);
        } catch (OutOfMemoryError e) {
            err.println(
                    "tandem: the Java heap of %d MiB is full (%s). Give the process more memory (JAVA_TOOL_OPTIONS=-Xmx4g),"
                                    .formatted(Runtime.getRuntime().maxMemory() >> 20, e.getMessage())
                            + " or use less text (--corpus-limit) or smaller sizes.");
            return ExitCode.FAILED;
        } catch (NoClassDefFoundError e) {
            err.println(
                    ("tandem: this installation lacks a library (%s). A bundle made by 'tandem bundle' has no plots and no"
                                    + " GPT-2 tokenizer: use --tokenizer bytes, or a whole installation.")
                            .formatted(e.getMessage()));
            return ExitCode.FAILED;
        }
    }

    /// With `--help` behind it picocli would describe all commands, and nobody would learn that this one is none.
    private static boolean unknownCommand(CommandLine line, String... args) {
        return args.length > 0
                && !args[0].startsWith("-")
                && !line.getSubcommands().containsKey(args[0]);
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCode.BAD_INPUT;
    }
}
