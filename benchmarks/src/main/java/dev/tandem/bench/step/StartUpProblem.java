package dev.tandem.bench.step;

import dev.tandem.bench.report.StartUp;
import dev.tandem.gpt.cost.MemoryPlan;
import dev.tandem.gpt.cost.ResidentMemory;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/// Steps in a process of its own, from the start of its virtual machine.
///
/// @param kind of step
/// @param model that computes
/// @param backend by name
/// @param threads that compute; 0 for one per processor
public record StartUpProblem(StartUp.Kind kind, Model model, String backend, int threads) {
    private static final double SECONDS = 14;
    private static final int ANSWERS = 5;

    /// `StartUp.training SMALL_MOE`
    public String name() {
        return kind.benchmark() + " " + model;
    }

    /// What is to be expected.
    public double seconds() {
        return SECONDS;
    }

    /// Runs the process.
    ///
    /// @throws IllegalStateException if it fails, with its last words
    public StartUp run() {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), StartUpMain.class.getName()));
        command.addAll(List.of(backend, String.valueOf(threads), kind.name(), model.name()));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return result(said);
        } catch (IOException e) {
            throw new IllegalStateException(name() + ": its process could not be started: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted during " + name(), e);
        }
    }

    StartUp result(String said) {
        List<String> lines = said.lines().toList();
        String[] answers = lines.stream()
                .filter(line -> line.startsWith(StartUpMain.MARK))
                .findFirst()
                .map(line -> line.substring(StartUpMain.MARK.length()).split(" ", -1))
                .filter(found -> found.length == ANSWERS)
                .orElseThrow(() -> new IllegalStateException(
                        "its process gave no result: " + (lines.isEmpty() ? "" : lines.getLast())));
        return new StartUp(
                kind,
                model.name(),
                threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
                Double.parseDouble(answers[0]),
                Double.parseDouble(answers[1]),
                Double.parseDouble(answers[2]),
                Double.parseDouble(answers[3]),
                plan().bytes(),
                ResidentMemory.JAVA,
                answers[4].equals("unknown")
                        ? OptionalDouble.empty()
                        : OptionalDouble.of(Double.parseDouble(answers[4])));
    }

    private MemoryPlan plan() {
        var config = model.config();
        return switch (kind) {
            case TRAINING -> MemoryPlan.training(config, model.B(), config.T(), 1);
            case FORWARD -> MemoryPlan.evaluation(config, model.B(), config.T());
        };
    }
}
