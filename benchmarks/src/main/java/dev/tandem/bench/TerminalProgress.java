package dev.tandem.bench;

import dev.tandem.bench.report.Machine;
import dev.tandem.bench.report.Measurement;
import dev.tandem.bench.report.StartUp;
import dev.tandem.bench.report.Text;
import dev.tandem.bench.step.StartUpProblem;
import java.util.function.LongSupplier;

/// A line per result, and one that says what runs now and how long it all takes.
final class TerminalProgress implements Session.Progress {
    private final Terminal terminal;
    private final Plan plan;
    private final LongSupplier clock;
    private final long begin;

    TerminalProgress(Terminal terminal, Plan plan, LongSupplier clock) {
        this.terminal = terminal;
        this.plan = plan;
        this.clock = clock;
        this.begin = clock.getAsLong();
    }

    @Override
    public void machine(Machine machine) {
        terminal.line(Text.line(machine));
    }

    @Override
    public void begin(Plan.Item item, int number, double done) {
        terminal.now("[%d/%d] %s, %s left"
                .formatted(number, plan.size(), Plan.name(item.benchmark()), Terminal.duration(left(done))));
    }

    @Override
    public void begin(StartUpProblem problem, int number, double done) {
        terminal.now(
                "[%d/%d] %s, %s left".formatted(number, plan.size(), problem.name(), Terminal.duration(left(done))));
    }

    @Override
    public void started(StartUp start) {
        terminal.line(start.line());
    }

    /// What the plan says, corrected by how it went so far.
    private double left(double done) {
        double planned = plan.seconds() - done;
        double spent = (clock.getAsLong() - begin) * 1e-9;
        return done > 0 ? planned * Math.clamp(spent / done, 0.3, 3) : planned;
    }

    @Override
    public void measured(Measurement measurement) {
        terminal.line(Text.line(measurement));
    }

    @Override
    public void failed(String what, String reason) {
        terminal.line("%s failed: %s".formatted(what, reason));
    }
}
