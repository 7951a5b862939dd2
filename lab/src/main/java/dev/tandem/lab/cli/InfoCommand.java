package dev.tandem.lab.cli;

import dev.tandem.gpt.FeedForward;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Preset;
import dev.tandem.gpt.Presets;
import dev.tandem.gpt.cost.FlopCount;
import dev.tandem.gpt.cost.MemoryPlan;
import dev.tandem.gpt.cost.ParameterCount;
import dev.tandem.gpt.cost.ResidentMemory;
import dev.tandem.lab.BadInputException;
import dev.tandem.lab.report.Fields;
import dev.tandem.lab.report.Json;
import dev.tandem.lab.report.Table;
import dev.tandem.lab.report.Text;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Says how large the published models are and what they cost.
@Command(
        name = "info",
        description =
                "Shows every model of the paper: sizes, parameters, training cost and memory. Nothing is allocated.",
        footer = {
            "",
            "ZFLOPs are those of the paper's training: 300e9 tokens, sequences of 2048, activation recomputation included.",
            "Memory is that of training one full-length sequence in FP32 on the CPU: weights, gradients, moments, activations, and Java itself; on a GPU, all but Java is the device's."
        })
final class InfoCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Option(names = "--model", paramLabel = "NAME", description = "Show this model only, with its memory plan.")
    private Optional<String> model = Optional.empty();

    @Option(names = "--json", description = "Print a JSON array; memory in bytes.")
    private boolean json;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        List<Preset> presets = model.map(name -> List.of(named(name))).orElseGet(Presets::all);
        if (json) {
            out.print(Json.pretty(presets.stream().map(InfoCommand::json).toList()));
            out.flush();
            return ExitCode.OK;
        }
        out.println(table(presets).plain());
        if (model.isPresent()) {
            presets.forEach(preset -> plans(out, preset.config()));
        } else {
            out.println(
                    "memory: to train one full-length sequence in FP32 on the CPU; 'tandem info --model NAME' shows its parts");
        }
        return ExitCode.OK;
    }

    private static Preset named(String name) {
        return Presets.all().stream()
                .filter(preset -> preset.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new BadInputException(
                        "--model " + name,
                        "there is no model of that name",
                        "Choose one of "
                                + Presets.all().stream().map(Preset::name).collect(Collectors.joining(", "))));
    }

    private static int experts(GptConfig config) {
        return config.feedForward() instanceof FeedForward.Experts experts ? experts.E() : 0;
    }

    private static Map<String, Object> json(Preset preset) {
        var config = preset.config();
        var parameters = ParameterCount.of(config);
        return new Fields()
                .with("name", preset.name())
                .with("layers", config.L())
                .with("width", config.C())
                .with("heads", config.H())
                .with("experts", experts(config))
                .with("twin", preset.twin())
                .with(
                        "parameters",
                        new Fields()
                                .with("total", parameters.total())
                                .with("expert", parameters.expert())
                                .with("nonExpert", parameters.nonExpert())
                                .with("active", parameters.active())
                                .map())
                .with("zflops", FlopCount.paperZettaflops(config))
                .with(
                        "memoryPlan",
                        new Fields()
                                .with("training", bytes(() -> MemoryPlan.training(config, 1, config.T(), 1)))
                                .with("decoding", bytes(() -> MemoryPlan.decoding(config, 1, config.T())))
                                .map())
                .map();
    }

    /// Bytes by part and in total; empty if there is a buffer that no array could index.
    private static Optional<Map<String, Object>> bytes(Supplier<MemoryPlan> supplier) {
        try {
            var plan = supplier.get();
            var fields = new Fields();
            plan.parts().forEach(part -> fields.with(part.name(), part.bytes()));
            return Optional.of(fields.with("java", ResidentMemory.JAVA)
                    .with("total", new ResidentMemory(plan).bytes())
                    .map());
        } catch (ArithmeticException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Table table(List<Preset> presets) {
        var table = new Table(
                "model", "layers", "width", "heads", "experts", "parameters", "expert", "active", "ZFLOPs", "memory");
        for (var preset : presets) {
            var config = preset.config();
            var parameters = ParameterCount.of(config);
            table.row(
                    preset.name(),
                    Integer.toString(config.L()),
                    Integer.toString(config.C()),
                    Integer.toString(config.H()),
                    experts(config) == 0 ? "–" : Integer.toString(experts(config)),
                    Text.grouped(parameters.total()),
                    parameters.expert() == 0 ? "–" : Text.grouped(parameters.expert()),
                    Text.grouped(parameters.active()),
                    Text.fixed(FlopCount.paperZettaflops(config), 6),
                    trainingMemory(config));
        }
        return table;
    }

    private static String trainingMemory(GptConfig config) {
        try {
            double bytes = new ResidentMemory(MemoryPlan.training(config, 1, config.T(), 1)).bytes();
            return Text.fixed(bytes / 0x1p30, 1) + " GiB";
        } catch (ArithmeticException | IllegalArgumentException e) {
            return "–"; // a buffer that no array could index
        }
    }

    private static void plans(PrintWriter out, GptConfig config) {
        int T = config.T();
        out.println("memory to train one sequence of %d tokens, FP32, on the CPU:".formatted(T));
        out.println(plan(() -> MemoryPlan.training(config, 1, T, 1)));
        out.println("memory to continue one text up to %d tokens, FP32, on the CPU:".formatted(T));
        out.println(plan(() -> MemoryPlan.decoding(config, 1, T)));
    }

    private static String plan(Supplier<MemoryPlan> plan) {
        try {
            return new ResidentMemory(plan.get()).toString().indent(2);
        } catch (ArithmeticException | IllegalArgumentException e) {
            return "  no plan: " + e.getMessage() + "\n";
        }
    }
}
