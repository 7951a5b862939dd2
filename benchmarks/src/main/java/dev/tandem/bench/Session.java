package dev.tandem.bench;

import dev.tandem.bench.machine.RoundProfiler;
import dev.tandem.bench.report.Machine;
import dev.tandem.bench.report.Measurement;
import dev.tandem.bench.report.Outcome;
import dev.tandem.bench.report.Report;
import dev.tandem.bench.report.StartUp;
import dev.tandem.bench.step.StartUpProblem;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/// Makes the measurements of a plan, one after the other, and keeps what it has if it is cut short.
final class Session {
    private final Map<String, String> provenance;
    private final Listening output = new Listening();
    private final List<Machine> machines = new ArrayList<>();
    private final List<Measurement> measurements = new ArrayList<>();
    private final List<StartUp> starts = new ArrayList<>();
    private final Map<String, String> failures = new LinkedHashMap<>();

    /// Told what happens.
    interface Progress {
        /// The ceilings on so many threads are known.
        void machine(Machine machine);

        /// A measurement begins, `done` of `all` seconds of the plan behind it.
        void begin(Plan.Item item, int number, double done);

        /// A measurement is there.
        void measured(Measurement measurement);

        /// A process begins to compute, `done` of `all` seconds of the plan behind it.
        void begin(StartUpProblem problem, int number, double done);

        /// It has computed.
        void started(StartUp start);

        /// A measurement failed.
        void failed(String what, String reason);
    }

    Session(Map<String, String> provenance) {
        this.provenance = provenance;
    }

    /// What is known so far, with what other libraries did. May be called from another thread.
    synchronized Report report(PeerSession peers) {
        var all = new LinkedHashMap<>(failures);
        all.putAll(peers.failures());
        return new Report(provenance, machines, measurements, starts, peers.report(), all);
    }

    /// Measures the machine, then everything else.
    void run(Plan plan, Progress progress) {
        int most = plan.threads();
        for (int threads : most == 1 ? new int[] {1} : new int[] {1, most}) {
            Machine machine = Machine.measure(threads);
            add(machine);
            progress.machine(machine);
        }
        double done = 0;
        int number = 0;
        for (var item : plan.items()) {
            number++;
            progress.begin(item, number, done);
            measure(item, progress);
            done += item.effort().seconds();
        }
        for (var start : plan.starts()) {
            number++;
            progress.begin(start, number, done);
            measure(start, progress);
            done += start.seconds();
        }
    }

    private void measure(StartUpProblem problem, Progress progress) {
        try {
            StartUp start = problem.run();
            synchronized (this) {
                starts.add(start);
            }
            progress.started(start);
        } catch (IllegalStateException e) {
            failed(problem.name(), String.valueOf(e.getMessage()), progress);
        }
    }

    private void failed(String what, String reason, Progress progress) {
        synchronized (this) {
            failures.put(what, reason);
        }
        progress.failed(what, reason);
    }

    private synchronized void add(Machine machine) {
        machines.add(machine);
    }

    private void measure(Plan.Item item, Progress progress) {
        output.take();
        Collection<RunResult> results;
        try {
            results = runner(item).run();
        } catch (RunnerException e) {
            results = List.of();
            output.println(String.valueOf(e.getMessage()));
        }
        if (results.isEmpty()) {
            failed(Plan.name(item.benchmark()) + " " + item.parameters(), Listening.reason(output.take()), progress);
            return;
        }
        Measurement measurement = Outcome.of(results.iterator().next(), item.parameters());
        synchronized (this) {
            measurements.add(measurement);
        }
        progress.measured(measurement);
    }

    private Runner runner(Plan.Item item) {
        Effort effort = item.effort();
        var options = new OptionsBuilder()
                .include("^" + Pattern.quote(item.benchmark()) + "$")
                .forks(effort.forks())
                .warmupIterations(effort.warmUps())
                .warmupTime(TimeValue.nanoseconds(effort.warmUp().toNanos()))
                .measurementIterations(effort.rounds())
                .measurementTime(TimeValue.nanoseconds(effort.round().toNanos()))
                .timeout(new TimeValue(1, TimeUnit.MINUTES))
                .addProfiler(RoundProfiler.class)
                .addProfiler(GCProfiler.class);
        item.parameters().forEach(options::param);
        return new Runner(options.build(), output);
    }
}
