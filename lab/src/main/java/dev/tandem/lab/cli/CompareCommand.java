package dev.tandem.lab.cli;

import dev.tandem.engine.Backend;
import dev.tandem.lab.BadInputException;
import dev.tandem.lab.report.Fields;
import dev.tandem.lab.report.LossLog;
import dev.tandem.lab.report.OutputFolder;
import dev.tandem.lab.report.Provenance;
import dev.tandem.lab.report.Report;
import dev.tandem.lab.report.Summary;
import dev.tandem.lab.report.Text;
import dev.tandem.lab.training.Budget;
import dev.tandem.lab.training.Comparison;
import dev.tandem.lab.training.ComparisonData;
import dev.tandem.lab.training.ModelSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Trains a dense model and a mixture of experts with equal compute and reports the speedup factor.
@Command(
        name = "compare",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Trains a small GPT-3 Mixture of Experts and its compute-equivalent dense twin on the same text, and reports the"
                    + " speedup factor: the training compute of the dense model over that of the MoE for the same"
                    + " validation perplexity."
        })
final class CompareCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(
            names = "--minutes",
            paramLabel = "M",
            defaultValue = "3",
            description = "Wall time of the whole command, 0.05 to 100000. Default: ${DEFAULT-VALUE}.")
    private double minutes;

    @Option(
            names = "--flops",
            paramLabel = "X",
            description = "Training FLOPs per model, such as 4e12, instead of a wall time: repeats a run exactly.")
    private Optional<Double> flops = Optional.empty();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "runs/compare",
            description =
                    "Folder for report.json, report.md, losses.jsonl and plots; files of an earlier report are replaced."
                            + " Default: ${DEFAULT-VALUE}.")
    private Path out = Path.of("runs/compare");

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of the weights, the split and the order of the text. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Mixin
    private final BackendChoice backendChoice = new BackendChoice();

    @Mixin
    private final TextOptions text = new TextOptions();

    @Mixin
    private final ModelOptions model = new ModelOptions();

    @Option(names = "--no-progress", description = "Show messages and results only.")
    private boolean noProgress;

    @Override
    public Integer call() throws IOException {
        Ranges.require("--minutes", minutes, 0.05, 100_000);
        flops.ifPresent(value -> Ranges.require("--flops", value, 1, 1e30));
        if (flops.isPresent() && spec.commandLine().getParseResult().hasMatchedOption("--minutes")) {
            throw new BadInputException(
                    "--minutes with --flops", "each of them says by itself how long to train", "Give one of the two");
        }
        text.validate();
        var tokenizer = text.tokenizer();
        var models = model.models(tokenizer.vocabularySize(), seed);
        var folder = OutputFolder.prepare(out);
        try (var backend = backendChoice.open();
                var display = display()) {
            model.requireOffered(backend);
            MemoryCheck.require(models, backend);
            backendChoice.announce(backend, display::message);
            var data = text.read(
                    tokenizer,
                    model.block(),
                    seed,
                    flops.isPresent() ? Double.POSITIVE_INFINITY : minutes,
                    display::message);
            flops.ifPresent(value -> requireOneUpdate(value, models));
            return run(backend, display, folder, models, data);
        } catch (IOException | RuntimeException e) {
            folder.withdraw();
            throw e;
        }
    }

    private static void requireOneUpdate(double flops, List<ModelSettings> models) {
        double least =
                models.stream().mapToDouble(ModelSettings::flopsPerUpdate).max().orElse(0);
        if (flops < least) {
            throw new BadInputException(
                    "--flops " + flops,
                    "a single update of these models needs " + Text.scientific(least),
                    "Give at least that, or smaller models");
        }
    }

    private Display display() {
        var line = spec.commandLine();
        return Display.onTerminal() && !noProgress
                ? new Display.Bar(line.getErr(), Math.max(40, line.getUsageHelpWidth() - 1))
                : new Display.Lines(line.getOut(), System::nanoTime, !noProgress);
    }

    private int run(
            Backend backend, Display display, OutputFolder folder, List<ModelSettings> models, ComparisonData data)
            throws IOException {
        Budget budget = flops.<Budget>map(Budget.Compute::new).orElseGet(() -> new Budget.Time(minutes * 60));
        var comparison = new Comparison(models, data, budget, seed);
        try (var interruption = new Interruption();
                LossLog losses = folder.losses()) {
            var outcome = comparison.run(backend, display, losses, interruption::requested, System::nanoTime);
            display.close();
            var report = new Report(
                    outcome.models(),
                    Notes.of(comparison, outcome, interruption.requested()),
                    provenance(backend, data, outcome));
            print(report);
            outcome.failure().ifPresent(this::complain);
            var files = folder.write(report);
            spec.commandLine()
                    .getOut()
                    .println("\nwritten to " + folder.path() + ": losses.jsonl, "
                            + String.join(
                                    ", ",
                                    files.stream()
                                            .map(file -> file.getFileName().toString())
                                            .toList()));
            if (outcome.failure().isPresent()) {
                return ExitCode.FAILED;
            }
            return interruption.requested() ? ExitCode.INTERRUPTED : ExitCode.OK;
        }
    }

    private void print(Report report) {
        PrintWriter console = spec.commandLine().getOut();
        if (report.models().isEmpty()) {
            console.println("\nended before a model was trained");
            return;
        }
        var summary = new Summary(report);
        console.println();
        console.println(summary.models().plain());
        if (!report.speedup().isEmpty()) {
            console.println(summary.speedup().plain());
        }
        console.println(summary.headline());
        for (var result : report.models()) {
            console.println("\nsample of " + result.name() + " (its own words follow ▶):\n");
            console.println(result.sample().indent(4).stripTrailing());
        }
    }

    private void complain(String failure) {
        spec.commandLine().getErr().println(spec.qualifiedName() + ": " + failure);
    }

    private Map<String, Object> provenance(Backend backend, ComparisonData data, Comparison.Outcome outcome) {
        var fields = new Fields()
                .with(
                        "command",
                        String.join(" ", spec.commandLine().getParseResult().originalArgs()))
                .with(
                        "repeatWith",
                        "--flops %s --seed %d --validation-tokens %d"
                                .formatted(
                                        outcome.flops(), seed, data.validation().tokens()))
                .with("minutes", flops.isPresent() ? Optional.empty() : minutes)
                .with("seed", seed)
                .with("backend", backend.name())
                .with("device", backend.description());
        data.provenance().forEach(fields::with);
        Provenance.ofThisProcess(Version.current()).map().forEach(fields::with);
        return fields.map();
    }
}
