package dev.tandem.bench.peer;

import dev.tandem.bench.Peers;
import dev.tandem.bench.machine.CeilingProbe;
import dev.tandem.bench.machine.Ceilings;
import dev.tandem.bench.machine.Cost;
import dev.tandem.bench.machine.ProcessorTime;
import dev.tandem.bench.report.PeerResult;
import dev.tandem.bench.report.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// One question on one number of threads.
///
/// Contestants take turns in every round, so that a clock that falls or a neighbour that wakes
/// meets all of them. Between two turns the threads of the last one have time to park.
final class Round {
    static final int ROUNDS = 9;
    private static final Duration UNTIL_PARKED = Duration.ofMillis(250); // OpenMP spins for 200 ms
    private static final Duration BREATH = Duration.ofMillis(20);

    private final Question question;
    private final Setting setting;
    private final CeilingProbe probe;
    private final Peers.Listener listener;
    private final Path folder;

    Round(Question question, Setting setting, CeilingProbe probe, Peers.Listener listener, Path folder) {
        this.question = question;
        this.setting = setting;
        this.probe = probe;
        this.listener = listener;
        this.folder = folder;
    }

    /// Asks everyone who can be loaded.
    void ask() throws IOException {
        var all = new ArrayList<ContestantProcess>();
        try {
            List<ContestantProcess> ready = ready(all);
            Optional<ProcessorTime> begin = processors(ready);
            var attainable = new double[ROUNDS];
            double[][] seconds = time(ready, attainable);
            Optional<Samples> share = share(attainable, seconds[0]);
            double foreign = foreign(begin, processors(ready));
            for (int i = 1; i < ready.size(); i++) {
                listener.answered(new PeerResult(
                        question.name(),
                        question.details(),
                        setting.threads(),
                        ready.get(i).library(),
                        question.cost().flop(),
                        new Samples(seconds[i]),
                        new Samples(seconds[0]),
                        share,
                        foreign));
            }
        } catch (ContestantProcess.Lost e) {
            listener.failed(question.title(), e.reason());
        } finally {
            all.forEach(ContestantProcess::close);
        }
    }

    /// Who is asked: behind Tandem also Tandem on one thread, where multiply-adds bound several.
    ///
    /// @param ceilings over as much memory as calls go through
    static List<Entrant> entrants(Question question, Setting setting, Ceilings ceilings) {
        var entrants = new ArrayList<>(question.entrants());
        if (setting.scales() && !ceilings.boundByMemory(question.cost())) {
            entrants.add(1, entrants.getFirst().alone());
        }
        return entrants;
    }

    /// Those who are loaded, right and warm; Tandem first. They start one after the other: libraries are unpacked into a
    /// folder that all share, and one that is unpacked again while another process loads it ends that process.
    ///
    /// @param all takes up everyone who was started
    /// @throws ContestantProcess.Lost if Tandem is not
    private List<ContestantProcess> ready(List<ContestantProcess> all) throws IOException, ContestantProcess.Lost {
        var ready = new ArrayList<ContestantProcess>();
        List<Answer> wanted = List.of();
        Ceilings ceilings = probe.measure(question.cost().footprint());
        for (Entrant entrant : entrants(question, setting, ceilings)) {
            var contestant = ContestantProcess.start(question, entrant, setting, folder);
            all.add(contestant);
            try {
                String version = contestant.version();
                if (!entrant.isAlone()) {
                    listener.loaded(contestant.library(), version);
                }
                Path file = Files.createTempFile(folder, "answer", null);
                contestant.answer(file);
                List<Answer> found = Answer.read(file);
                Files.delete(file);
                if (ready.isEmpty()) {
                    wanted = found;
                } else {
                    AnswerCheck.require(question, entrant, found, wanted);
                }
                ready.add(contestant);
            } catch (ContestantProcess.Lost e) {
                if (ready.isEmpty()) {
                    throw e;
                }
                listener.absent(contestant.library(), e.reason());
            } catch (IllegalStateException e) {
                listener.failed(question.title() + ", " + contestant.library(), String.valueOf(e.getMessage()));
            }
        }
        for (var contestant : ready) {
            contestant.warmUp();
        }
        return ready;
    }

    /// What the processors did so far, the contestants' time counted as our own.
    private static Optional<ProcessorTime> processors(List<ContestantProcess> contestants) {
        double theirs = contestants.stream()
                .mapToDouble(ContestantProcess::processorSeconds)
                .sum();
        return ProcessorTime.now()
                .map(now -> new ProcessorTime(now.elapsed(), now.busy(), now.own() + theirs, now.stolen()));
    }

    private static double foreign(Optional<ProcessorTime> begin, Optional<ProcessorTime> end) {
        if (begin.isEmpty() || end.isEmpty()) {
            return 0;
        }
        int processors = Runtime.getRuntime().availableProcessors();
        return Math.max(
                end.get().foreignSince(begin.get(), processors), end.get().stolenSince(begin.get(), processors));
    }

    /// @param attainable takes up the shortest time that the machine's ceilings allow in each round
    private double[][] time(List<ContestantProcess> contestants, double[] attainable) throws ContestantProcess.Lost {
        var seconds = new double[contestants.size()][ROUNDS];
        Cost cost = question.cost();
        for (int round = 0; round < ROUNDS; round++) {
            rest();
            attainable[round] = probe.measure(cost.footprint()).seconds(cost);
            for (int i = 0; i < seconds.length; i++) {
                rest();
                seconds[i][round] = contestants.get(i).turn();
            }
        }
        return seconds;
    }

    private Optional<Samples> share(double[] attainable, double[] seconds) {
        if (!CeilingProbe.measures(setting.backend())) {
            return Optional.empty();
        }
        var share = new double[ROUNDS];
        Arrays.setAll(share, round -> attainable[round] / seconds[round]);
        return Optional.of(new Samples(share));
    }

    /// How long a turn waits for the threads of the last one; one alone does not spin.
    static Duration pause(int threads) {
        return threads == 1 ? BREATH : UNTIL_PARKED;
    }

    private void rest() {
        try {
            Thread.sleep(pause(setting.threads()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted between two contestants", e);
        }
    }
}
