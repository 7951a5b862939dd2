package dev.tandem.gpt;

import dev.tandem.engine.Backend;
import dev.tandem.engine.kernel.AdamW;
import dev.tandem.engine.kernel.Capacity;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.GeluForm;
import dev.tandem.engine.kernel.SecondPolicy;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;

/// Repeats a [RecordedRun].
final class Replay {
    private static final int K = 2;

    private final Backend backend;
    private final RecordedRun run;
    private final Precision precision;
    private final GptConfig config;
    private final int B;
    private final int T;
    private final int steps;

    Replay(Backend backend, RecordedRun run, Precision precision) {
        this.backend = backend;
        this.run = run;
        this.precision = precision;
        this.config = config(run);
        this.B = run.integer("batch");
        this.T = run.integer("tokens");
        this.steps = run.integer("steps");
    }

    private static GptConfig config(RecordedRun run) {
        int F = run.integer("ffn");
        int E = run.integer("experts");
        int padding = run.integer("pad_id");
        var combine = run.word("aux_combine", Map.of("sum", BalanceLoss.Combine.SUM, "mean", BalanceLoss.Combine.MEAN));
        FeedForward feedForward = E == 0
                ? new FeedForward.Dense(F)
                : new FeedForward.Experts(
                        F,
                        E,
                        run.integer("moe_freq"),
                        gate(run),
                        run.flag("moe_pad_mask"),
                        new BalanceLoss(run.number("aux_weight"), combine));
        return new GptConfig(
                run.integer("vocab"),
                run.integer("max_positions"),
                run.integer("layers"),
                run.integer("d_model"),
                run.integer("heads"),
                feedForward,
                run.word("positions", Map.of("sinusoidal", Positions.SINUSOIDAL, "learned", Positions.LEARNED)),
                run.number("embed_scale"),
                padding < 0 ? OptionalInt.empty() : OptionalInt.of(padding),
                run.word("gelu", Map.of("erf", GeluForm.ERF, "tanh", GeluForm.TANH)),
                0,
                run.number("ln_eps"));
    }

    private static GateOptions gate(RecordedRun run) {
        var policies =
                Map.of("all", SecondPolicy.ALL, "sampling", SecondPolicy.SAMPLING, "random", SecondPolicy.RANDOM);
        return new GateOptions(
                K,
                run.word("train_gate.second_policy", policies),
                run.flag("train_gate.normalize_before_dropping"),
                run.flag("train_gate.batch_prioritized"),
                new Capacity.Training(run.number("train_gate.capacity_factor")),
                false);
    }

    void run() {
        try (Gpt model = Gpt.create(backend, config, precision, 0)) {
            model.parameters()
                    .forEachSeparate((name, tensor) ->
                            backend.upload(tensor, run.inputs().floats("param." + name)));
            decode(model);
            evaluate(model);
            train(model);
        }
    }

    private void decode(Gpt model) {
        int count = run.integer("decode");
        if (count == 0) {
            return;
        }
        int[] prompt = run.inputs().integers("in.prompt");
        var decoded = new int[count];
        var logits = new double[count * config.V()];
        try (DecodeSession session = model.decode(prompt.length + count)) {
            float[] row = session.next(prompt);
            for (int i = 0; i < count; i++) {
                decoded[i] = Sampler.greedy().pick(row, row.length);
                for (int v = 0; v < row.length; v++) {
                    logits[i * row.length + v] = row[v];
                }
                row = session.next(decoded[i]);
            }
        }
        run.results().integers("out.decoded", decoded);
        run.results().reals("out.decode_logits", logits);
    }

    private void evaluate(Gpt model) {
        var gate = new GateOptions(
                K,
                SecondPolicy.ALL,
                run.flag("eval_gate.normalize_before_dropping"),
                run.flag("eval_gate.batch_prioritized"),
                new Capacity.Fraction(run.number("score_fraction")),
                true);
        try (Evaluation evaluation = model.evaluation(B, T, gate)) {
            float[] logits = evaluation.logits(step(run.inputs().integers("in.tokens"), 0));
            run.results().reals("out.eval_logits", widened(logits));
        }
    }

    private void train(Gpt model) {
        double[] rates = run.numbers("adam.lr");
        int[] tokens = run.inputs().integers("in.tokens");
        int[] targets = run.inputs().integers("in.targets");
        var losses = new double[steps];
        var nlls = new double[steps];
        var norms = new double[steps];
        int gates = config.expertBlocks();
        var balance = new double[steps * gates];
        try (TrainingStep training = model.training(options(), B, T)) {
            for (int step = 0; step < steps; step++) {
                supplyNoise(training, step);
                training.computeGradients(step(tokens, step), step(targets, step));
                if (step == 0) {
                    firstStep(training);
                }
                training.update(rates[Math.min(step, rates.length - 1)]);
                StepReport report = training.report();
                losses[step] = report.objective();
                nlls[step] = report.nll();
                norms[step] = report.gradientNorm();
                for (int gate = 0; gate < gates; gate++) {
                    balance[step * gates + gate] = report.gates().get(gate).balanceLoss();
                }
                if (step == 0 || step == 2) {
                    String after = "after" + (step + 1) + ".";
                    model.parameters()
                            .forEachSeparate((name, tensor) -> run.results().tensor(after + name, tensor));
                }
            }
        }
        run.results().reals("out.loss", losses);
        run.results().reals("out.nll", nlls);
        run.results().reals("out.grad_norm", norms);
        if (gates > 0) {
            run.results().reals("out.aux", balance);
        }
    }

    private TrainingOptions options() {
        double scale = run.number("adam.expert_grad_scale");
        boolean corrected = switch (run.option("adam.eps_placement")) {
            case "corrected" -> true;
            case "uncorrected" -> false;
            default ->
                throw new IllegalArgumentException(
                        "adam.eps_placement must be corrected or uncorrected, was " + run.option("adam.eps_placement"));
        };
        var moments = new AdamW.Moments(
                run.number("adam.beta1"), run.number("adam.beta2"), run.number("adam.eps"), corrected);
        return new TrainingOptions(
                new Schedule(1, 0, steps),
                moments,
                run.number("adam.weight_decay"),
                run.number("adam.clip_norm"),
                scale == 1 ? new ExpertRule.None() : new ExpertRule.GradientScale(scale),
                0);
    }

    private void supplyNoise(TrainingStep training, int step) {
        String name = switch (run.option("train_gate.second_policy")) {
            case "sampling" -> "in.noise";
            case "random" -> "in.uniform";
            default -> "";
        };
        if (name.isEmpty() || config.expertBlocks() == 0) {
            return;
        }
        float[] all = run.inputs().floats(name);
        training.noise((target, gate, _, _, _) -> {
            int length = Math.toIntExact(target.shape().elements());
            int first = (step * config.expertBlocks() + gate) * length;
            backend.upload(target, Arrays.copyOfRange(all, first, first + length));
        });
    }

    private void firstStep(TrainingStep training) {
        Network network = training.network();
        for (int block = 0; block <= config.L(); block++) {
            run.results().tensor("out.hidden." + block, network.tensor(network.plan().stream(block)));
        }
        training.gradients().forEachSeparate((name, tensor) -> run.results().tensor("grad." + name, tensor));
        int gate = 0;
        for (int block = 0; block < config.L(); block++) {
            if (network.block(block).feedForward() instanceof ExpertLayer experts) {
                route("out.route." + gate + ".", experts);
                gate++;
            }
        }
        var logits = new double[B * T * config.V()];
        network.head().logits((first, _, chunk) -> {
            double[] values = widened(backend.floats(chunk));
            System.arraycopy(values, 0, logits, first * config.V(), values.length);
        });
        run.results().reals("out.logits", logits);
    }

    private void route(String name, ExpertLayer experts) {
        var routing = experts.routing();
        int[] slot = backend.integers(routing.slot());
        int[] position = run.inputs().integers(name + "position");
        var kept = new int[slot.length];
        var reported = new int[slot.length];
        for (int i = 0; i < slot.length; i++) {
            kept[i] = slot[i] >= 0 ? 1 : 0;
            // a gate does not say where a dropped choice stood in the queue
            reported[i] = slot[i] >= 0 ? slot[i] : position[i];
        }
        run.results().integers(name + "expert", backend.integers(routing.expert()));
        run.results().integers(name + "kept", kept);
        run.results().integers(name + "position", reported);
        run.results().tensor(name + "weight", routing.weight());
    }

    private int[] step(int[] values, int step) {
        return Arrays.copyOfRange(values, step * B * T, (step + 1) * B * T);
    }

    private static double[] widened(float[] values) {
        var wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }
}
