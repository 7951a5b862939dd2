package dev.tandem.bench;

import dev.tandem.bench.report.PeerReport;
import dev.tandem.bench.report.PeerResult;
import dev.tandem.bench.report.Text;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What other libraries answered so far, told to the terminal as it comes.
final class PeerSession implements Peers.Listener {
    private final Terminal terminal;
    private final List<PeerResult> results = new ArrayList<>();
    private final Map<String, String> versions = new LinkedHashMap<>();
    private final Map<String, String> absent = new LinkedHashMap<>();
    private final Map<String, String> failures = new LinkedHashMap<>();

    PeerSession(Terminal terminal) {
        this.terminal = terminal;
    }

    /// What is known so far. May be called from another thread.
    synchronized PeerReport report() {
        return new PeerReport(results, versions, absent);
    }

    /// Why questions have no answer, by question.
    synchronized Map<String, String> failures() {
        return Map.copyOf(failures);
    }

    @Override
    public void begins(String question, double secondsLeft) {
        terminal.now("other libraries: %s, %s left".formatted(question, Terminal.duration(secondsLeft)));
    }

    @Override
    public synchronized void loaded(String library, String version) {
        versions.put(library, version);
    }

    @Override
    public synchronized void absent(String library, String reason) {
        if (absent.put(library, reason) == null) {
            terminal.line("%s cannot be asked here: %s".formatted(library, reason));
        }
    }

    @Override
    public synchronized void answered(PeerResult result) {
        results.add(result);
        terminal.line(Text.line(result));
    }

    @Override
    public synchronized void failed(String question, String reason) {
        failures.put(question, reason);
        terminal.line("%s failed: %s".formatted(question, reason));
    }
}
