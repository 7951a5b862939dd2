package dev.tandem.bench;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.format.OutputFormat;

/// Keeps what JMH prints, which only matters if it fails.
final class Listening implements OutputFormat {
    private final StringBuilder printed = new StringBuilder();

    /// Everything printed since the last call.
    String take() {
        String text = printed.toString();
        printed.setLength(0);
        return text;
    }

    /// The sentence of the exception in what was printed, or its last line.
    static String reason(String printed) {
        List<String> lines = new ArrayList<>(printed.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList());
        return lines.stream()
                .filter(line -> line.matches("(Caused by: )?[\\w.$]+(Exception|Error|Unavailable|Memory): .*"))
                .reduce((_, later) -> later)
                .map(line -> line.replaceFirst("^(Caused by: )?[\\w.$]+: ", ""))
                .orElse(lines.isEmpty() ? "it gave no result and no reason" : lines.getLast());
    }

    @Override
    public void iteration(BenchmarkParams benchmark, IterationParams iteration, int number) {}

    @Override
    public void iterationResult(
            BenchmarkParams benchmark, IterationParams iteration, int number, IterationResult result) {}

    @Override
    public void startBenchmark(BenchmarkParams benchmark) {}

    @Override
    public void endBenchmark(BenchmarkResult result) {}

    @Override
    public void startRun() {}

    @Override
    public void endRun(Collection<RunResult> results) {}

    @Override
    public void print(String text) {
        printed.append(text);
    }

    @Override
    public void println(String text) {
        printed.append(text).append('\n');
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}

    @Override
    public void verbosePrintln(String text) {}

    @Override
    public void write(int character) {
        printed.append((char) character);
    }

    @Override
    public void write(byte[] bytes) {
        printed.append(new String(bytes, StandardCharsets.UTF_8));
    }
}
