package dev.tandem.bench;

import dev.tandem.bench.report.Machine;
import dev.tandem.bench.report.Measurement;
import dev.tandem.bench.report.Text;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongSupplier;

/// A line per result and, on a terminal, a last line that says what runs now and how long it all
/// takes.
final class TerminalProgress implements Session.Progress {
    private static final String CLEAR = "\r\033[K";
    private final PrintWriter out;
    private final Plan plan;
    private final boolean transientLine;
    private final LongSupplier clock;
    private final long begin;

    TerminalProgress(PrintWriter out, Plan plan, boolean transientLine, LongSupplier clock) {
        this.out = out;
        this.plan = plan;
        this.transientLine = transientLine;
        this.clock = clock;
        this.begin = clock.getAsLong();
    }

    @Override
    public void machine(Machine machine) {
        line(Text.line(machine));
    }

    @Override
    public void begin(Plan.Item item, int number, double done) {
        if (transientLine) {
            out.print("%s[%d/%d] %s, %s left"
                    .formatted(CLEAR, number, plan.items().size(), Plan.name(item.benchmark()), duration(left(done))));
            out.flush();
        }
    }

    /// What the plan says, corrected by how it went so far.
    private double left(double done) {
        double planned = plan.seconds() - done;
        double spent = (clock.getAsLong() - begin) * 1e-9;
        return done > 0 ? planned * Math.clamp(spent / done, 0.3, 3) : planned;
    }

    @Override
    public void measured(Measurement measurement) {
        line(Text.line(measurement));
    }

    @Override
    public void failed(Plan.Item item, String reason) {
        line("%s %s failed: %s".formatted(Plan.name(item.benchmark()), item.parameters(), reason));
    }

    private void line(String text) {
        out.println((transientLine ? CLEAR : "") + text);
        out.flush();
    }

    /// `90 s`, `12 min`.
    static String duration(double seconds) {
        return seconds < 100
                ? String.format(Locale.ROOT, "%.0f s", seconds)
                : String.format(Locale.ROOT, "%.0f min", seconds / 60);
    }
}
