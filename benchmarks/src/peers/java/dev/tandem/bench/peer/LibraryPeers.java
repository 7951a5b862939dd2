package dev.tandem.bench.peer;

import dev.tandem.bench.Peers;
import dev.tandem.bench.machine.CeilingProbe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;

/// Other libraries for the processor, each in a process of its own.
public final class LibraryPeers implements Peers {
    // Measured: starting a process and checking its answer, warming it up, and what a call takes at least.
    private static final double START_SECONDS = 4;
    private static final double WARM_UP_SECONDS = 3;
    private static final double TURN_SECONDS = 0.12;
    private static final double SLOW_FLOPS = 40e9; // of one thread, of the slowest contestants

    /// Called by `java.util.ServiceLoader`.
    public LibraryPeers() {}

    /// A question in a setting.
    private record Item(Question question, Setting setting) {
        double seconds() {
            double alone = setting.scales() ? seconds(1) : 0;
            return question.entrants().size() * seconds(setting.threads()) + alone;
        }

        /// Of one contestant, who computes on so many threads.
        private double seconds(int threads) {
            double call = question.cost().flop() / (SLOW_FLOPS * threads);
            double turn = Round.pause(setting.threads()).toMillis() * 1e-3 + Math.max(TURN_SECONDS, call);
            return START_SECONDS + WARM_UP_SECONDS + Round.ROUNDS * turn;
        }
    }

    private static List<Item> items(Request request) {
        int all = Runtime.getRuntime().availableProcessors();
        List<Integer> threads = request.threads() > 0
                ? List.of(request.threads())
                : request.quick() || all == 1 ? List.of(all) : List.of(1, all);
        var items = new ArrayList<Item>();
        for (Question question : Questions.chosen(request)) {
            threads.forEach(count -> items.add(new Item(question, new Setting(request.backend(), count))));
        }
        return items;
    }

    @Override
    public double seconds(Request request) {
        return items(request).stream().mapToDouble(Item::seconds).sum();
    }

    @Override
    public void compare(Request request, Listener listener) {
        try {
            Path folder = Files.createTempDirectory("tandem-peers");
            try {
                ask(request, listener, folder);
            } finally {
                delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("other libraries cannot be asked: " + e.getMessage(), e);
        }
    }

    private static void ask(Request request, Listener listener, Path folder) throws IOException {
        List<Item> items = items(request);
        double left = items.stream().mapToDouble(Item::seconds).sum();
        var probes = new HashMap<Integer, CeilingProbe>();
        for (Item item : items) {
            int threads = item.setting.threads();
            listener.begins(
                    "%s, %s".formatted(item.question.title(), threads == 1 ? "1 thread" : threads + " threads"), left);
            var probe = probes.computeIfAbsent(threads, CeilingProbe::new);
            new Round(item.question, item.setting, probe, listener, folder).ask();
            left -= item.seconds();
        }
        probes.values().forEach(CeilingProbe::close);
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
