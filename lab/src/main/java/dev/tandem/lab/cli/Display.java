package dev.tandem.lab.cli;

import dev.tandem.lab.report.Text;
import dev.tandem.lab.training.Listener;
import dev.tandem.lab.training.Status;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/// Shows how a comparison goes on: a bar on a terminal, lines elsewhere.
sealed interface Display extends Listener, AutoCloseable {
    @Override
    void close();

    /// Whether this process talks to a terminal that can move its cursor.
    @SuppressWarnings("SystemConsoleNull") // it does return null on JDK 25 when input or output is redirected
    static boolean onTerminal() {
        var console = System.console();
        return console != null && console.isTerminal() && !"dumb".equals(System.getenv("TERM"));
    }

    private static String values(Status status) {
        return status.models().stream()
                .map(model -> "%s %s".formatted(model.name(), nats(model.loss())))
                .collect(Collectors.joining(", "));
    }

    private static String nats(double loss) {
        return Double.isNaN(loss) ? "–" : Text.fixed(loss, 3);
    }

    private static double mean(Status status, ToDoubleFunction<Status.Model> value) {
        return status.models().stream().mapToDouble(value).average().orElse(0);
    }

    /// A line every few seconds.
    final class Lines implements Display {
        private static final long EVERY_NANOS = 5_000_000_000L;
        private final PrintWriter out;
        private final LongSupplier clock;
        private final boolean progress;
        private long next;

        /// @param progress whether to show progress, or messages only
        Lines(PrintWriter out, LongSupplier clock, boolean progress) {
            this.out = out;
            this.clock = clock;
            this.progress = progress;
            this.next = clock.getAsLong();
        }

        @Override
        public void message(String text) {
            out.println(text);
        }

        @Override
        public void progress(Status status) {
            if (!progress || (clock.getAsLong() < next && status.fraction() < 1)) {
                return;
            }
            next = clock.getAsLong() + EVERY_NANOS;
            for (var model : status.models()) {
                out.println("%4s  %-16s step %6d  loss %6s  validation %6s  %8s tokens/s  %6s GFLOP/s  %s left"
                        .formatted(
                                Math.round(100 * status.fraction()) + " %",
                                model.name(),
                                model.update(),
                                nats(model.loss()),
                                nats(model.validationLoss()),
                                Text.scaled(model.tokensPerSecond()),
                                Text.fixed(model.gigaflopsPerSecond(), 1),
                                Text.duration(status.secondsLeft())));
            }
        }

        @Override
        public void close() {
            out.flush();
        }
    }

    /// A bar that is redrawn in place.
    final class Bar implements Display {
        private static final int PARTS = 1000;
        private static final int MOST_BLOCKS = 24;
        private static final int FEWEST_BLOCKS = 6;
        private final PrintWriter err;
        private final int width;
        private Optional<ProgressBar> bar = Optional.empty();
        private volatile Status last = new Status(0, 0, List.of());

        /// @param width columns of the terminal
        Bar(PrintWriter err, int width) {
            this.err = err;
            this.width = width;
        }

        @Override
        public void message(String text) {
            close();
            err.println(text);
        }

        @Override
        public void progress(Status status) {
            last = status;
            var shown = bar.orElseGet(this::open);
            bar = Optional.of(shown);
            shown.stepTo(Math.round(PARTS * status.fraction()));
        }

        private ProgressBar open() {
            return new ProgressBarBuilder()
                    .setInitialMax(PARTS)
                    .setUpdateIntervalMillis(500)
                    .setRenderer((_, columns) -> line(last, columns))
                    .setConsumer(new DelegatingProgressBarConsumer(this::draw, width))
                    .build();
        }

        /// `43 %  ██████████·············  72 s left  loss …`; where columns are few, without bar.
        static String line(Status status, int columns) {
            String end = "  %s left  loss %s  %s tokens/s  %s GFLOP/s"
                    .formatted(
                            Text.coarseDuration(status.secondsLeft()),
                            values(status),
                            Text.scaled(mean(status, Status.Model::tokensPerSecond)),
                            Text.fixed(mean(status, Status.Model::gigaflopsPerSecond), 0));
            String start = "%5s".formatted(Math.round(100 * status.fraction()) + " %");
            int blocks = Math.min(MOST_BLOCKS, columns - start.length() - end.length() - 2);
            String line = blocks < FEWEST_BLOCKS ? start + end : start + "  " + bar(status.fraction(), blocks) + end;
            return line.length() < columns ? line + " ".repeat(columns - line.length()) : line.substring(0, columns);
        }

        private static String bar(double fraction, int blocks) {
            int full = (int) Math.round(blocks * fraction);
            return "█".repeat(full) + "·".repeat(blocks - full);
        }

        private void draw(String line) {
            err.print("\r" + line);
            err.flush();
        }

        @Override
        public void close() {
            bar.ifPresent(shown -> {
                shown.close();
                err.println();
            });
            bar = Optional.empty();
        }
    }
}
