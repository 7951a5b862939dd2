package dev.tandem.lab.training;

import dev.tandem.engine.Backend;
import dev.tandem.gpt.StepReport;
import dev.tandem.lab.evaluation.TextSet;
import dev.tandem.lab.report.Fields;
import dev.tandem.lab.report.LossLog;
import dev.tandem.lab.report.ModelReport;
import dev.tandem.lab.report.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/// One run of a [Comparison].
final class ComparisonRun implements AutoCloseable {
    private static final double NANO = 1e-9;
    private static final int LOG_EVERY = 10;
    private static final double TURN_SECONDS = 0.6;
    private static final int FEWEST_UPDATES = 10;
    private static final double CLOSING_SECONDS = 2.5;
    private static final double CLOSING_SHARE = 0.3;
    /// A guess for the first turn, so slow that no machine takes long over it.
    private static final double SLOW_SECONDS_PER_FLOP = 1e-8;

    private final Comparison comparison;
    private final Backend backend;
    private final Listener listener;
    private final LossLog log;
    private final BooleanSupplier stopped;
    private final LongSupplier clock;
    private final long begin;
    private final List<Student> students = new ArrayList<>();
    private final EvaluationSchedule evaluations = new EvaluationSchedule();
    private Optional<String> failure = Optional.empty();

    ComparisonRun(
            Comparison comparison,
            Backend backend,
            Listener listener,
            LossLog log,
            BooleanSupplier stopped,
            LongSupplier clock) {
        this.comparison = comparison;
        this.backend = backend;
        this.listener = listener;
        this.log = log;
        this.stopped = stopped;
        this.clock = clock;
        this.begin = clock.getAsLong();
    }

    /// A model in training and what was last seen of it.
    private static final class Student {
        private final Trainer trainer;
        private double loss = Double.NaN;
        private double validationLoss = Double.NaN;
        private double flopsPerSecond;
        private boolean sound = true;

        Student(Trainer trainer) {
            this.trainer = trainer;
        }

        Status.Model status() {
            var settings = trainer.settings();
            return new Status.Model(
                    settings.name(),
                    trainer.updates(),
                    loss,
                    validationLoss,
                    flopsPerSecond / settings.flopsPerToken(),
                    flopsPerSecond / 1e9);
        }
    }

    Comparison.Outcome run() {
        var pace = pace();
        for (var settings : comparison.models()) {
            students.add(new Student(trainer(settings)));
        }
        if (!stopped.getAsBoolean()) {
            evaluate(0, pace.flops());
        }
        double done = train(pace);
        if (done > 0 && failure.isEmpty()) {
            evaluate(done, pace.flops());
        }
        listener.message("measuring the trained models");
        var data = comparison.data();
        var reports = new ArrayList<ModelReport>();
        for (var student : students) {
            student.trainer
                    .conclude(data.tokenizer(), data.validation(), data.others(), student.sound)
                    .ifPresent(reports::add);
        }
        return new Comparison.Outcome(reports, pace.flops(), done >= pace.flops(), failure);
    }

    private Trainer trainer(ModelSettings settings) {
        return new Trainer(backend, settings, comparison.data().training(), comparison.seed(), clock);
    }

    private double elapsed() {
        return (clock.getAsLong() - begin) * NANO;
    }

    private Pace pace() {
        double secondsPerFlop = 0;
        switch (comparison.budget()) {
            case Budget.Compute compute -> {
                return new Pace(compute.flops(), SLOW_SECONDS_PER_FLOP, 0);
            }
            case Budget.Time time -> {
                listener.message("measuring the speed of this machine");
                for (var settings : comparison.models()) {
                    secondsPerFlop += Calibration.secondsPerFlop(
                            () -> trainer(settings), Math.clamp(time.seconds() * 0.02, 0.2, 3.5), stopped, clock);
                }
                double flops = Math.max(0, time.seconds() - elapsed()) / secondsPerFlop;
                return new Pace(flops, secondsPerFlop, FEWEST_UPDATES * flopsPerUpdate());
            }
        }
    }

    /// The larger of the models' training FLOPs per update.
    private double flopsPerUpdate() {
        return comparison.models().stream()
                .mapToDouble(ModelSettings::flopsPerUpdate)
                .max()
                .orElse(1);
    }

    /// Seconds that remain for training, the evaluations to come and the closing set aside.
    private double secondsLeft(Budget.Time time, double done, double flops) {
        var data = comparison.data();
        double others = data.others().stream().mapToInt(TextSet::tokens).sum();
        double closing = Math.min(
                time.seconds() * CLOSING_SHARE,
                CLOSING_SECONDS
                        + evaluations.seconds()
                                * (1 + others / data.validation().tokens()));
        return time.seconds() - elapsed() - closing - evaluations.secondsToCome(done, flops);
    }

    /// Takes turns until the plan is fulfilled or something ends it.
    ///
    /// @return FLOPs done by each model
    private double train(Pace pace) {
        double largest = flopsPerUpdate();
        double done = 0;
        boolean evaluated = false;
        while (!stopped.getAsBoolean() && failure.isEmpty()) {
            if (comparison.budget() instanceof Budget.Time time) {
                pace.replan(done, secondsLeft(time, done, pace.flops()));
            }
            if (done >= pace.flops()) {
                break;
            }
            double turn = Math.max(1.5 * largest, TURN_SECONDS * students.size() / pace.secondsPerFlop());
            double target = Math.min(pace.flops(), Math.min(done + turn, evaluations.next(pace.flops())));
            target = Math.max(target, done + largest);
            target = pace.flops() - target < largest ? pace.flops() : target;
            long start = clock.getAsLong();
            for (var student : students) {
                student.trainer.plan(
                        Math.round(pace.flops() / student.trainer.settings().flopsPerUpdate()));
                turn(student, target, evaluated);
            }
            pace.measured(target - done, (clock.getAsLong() - start) * NANO);
            done = target;
            evaluated = evaluations.due(done, pace.flops()) && failure.isEmpty();
            if (evaluated) {
                evaluate(done, pace.flops());
            }
            report(done, pace);
        }
        return done;
    }

    private void report(double done, Pace pace) {
        double left = (pace.flops() - done) * pace.secondsPerFlop() + evaluations.secondsToCome(done, pace.flops());
        listener.progress(new Status(
                done / pace.flops(),
                left,
                students.stream().map(Student::status).toList()));
    }

    /// Trains one model up to `target` FLOPs.
    private void turn(Student student, double target, boolean restartLoads) {
        var trainer = student.trainer;
        double flops = trainer.flops();
        double seconds = trainer.seconds();
        long goal = Math.round(target / trainer.settings().flopsPerUpdate());
        if (restartLoads && trainer.updates() < goal) {
            trainer.restartLoads();
        }
        while (trainer.updates() < goal && failure.isEmpty() && !stopped.getAsBoolean()) {
            trainer.update();
            if (trainer.updates() % LOG_EVERY == 0 || trainer.updates() == goal) {
                note(student, trainer.report());
            }
        }
        if (trainer.flops() > flops) {
            student.flopsPerSecond = (trainer.flops() - flops) / (trainer.seconds() - seconds);
        }
    }

    private void note(Student student, StepReport step) {
        student.loss = step.nll();
        if (!step.isFinite()) {
            fail(student, step.update() + 1, "its loss is no longer a number");
        }
        if (student.trainer.updates() % LOG_EVERY == 0 || !step.isFinite()) {
            var trainer = student.trainer;
            var fields = new Fields()
                    .with("model", trainer.settings().name())
                    .with("step", trainer.updates())
                    .with("tokens", trainer.updates() * trainer.settings().tokensPerUpdate())
                    .with("flops", trainer.flops())
                    .with("seconds", trainer.seconds())
                    .with("loss", step.nll())
                    .with("objective", step.objective())
                    .with("learningRate", step.learningRate())
                    .with("gradientNorm", step.gradientNorm());
            if (!step.gates().isEmpty()) {
                fields.with(
                                "balanceLoss",
                                step.gates().stream()
                                        .map(gate -> gate.balanceLoss())
                                        .toList())
                        .with(
                                "gateEntropy",
                                step.gates().stream()
                                        .map(gate -> gate.entropy())
                                        .toList())
                        .with(
                                "dropped",
                                step.gates().stream()
                                        .map(gate -> gate.dropped())
                                        .toList());
            }
            log.append(fields.map());
        }
    }

    private void evaluate(double done, double flops) {
        double start = elapsed();
        for (var student : students) {
            var point = student.trainer.evaluate(comparison.data().validation());
            student.validationLoss = point.validationLoss();
            log.append(new Fields()
                    .with("model", student.trainer.settings().name())
                    .with("step", point.step())
                    .with("tokens", point.tokens())
                    .with("flops", point.flops())
                    .with("seconds", point.seconds())
                    .with("validationLoss", point.validationLoss())
                    .with("validationPerplexity", point.perplexity())
                    .map());
            if (!Double.isFinite(point.validationLoss())) {
                fail(student, point.step(), "its validation loss is no longer a number");
            }
        }
        double left =
                comparison.budget() instanceof Budget.Time time ? time.seconds() - elapsed() : Double.POSITIVE_INFINITY;
        evaluations.measured(done, flops, elapsed() - start, left);
    }

    private void fail(Student student, long update, String what) {
        student.sound = false;
        var settings = student.trainer.settings();
        failure = Optional.of(("training of '%s' stopped at update %d: %s. A learning rate of %s is too high for it."
                        + " Lower the rate (--%s-rate) or clip gradients (--clip 1). The report holds what was measured before.")
                .formatted(
                        settings.name(),
                        update,
                        what,
                        Text.scientific(settings.learningRate()),
                        settings.kind().label()));
    }

    @Override
    public void close() {
        Closing.all(students.stream().map(student -> student.trainer).toList());
    }
}
