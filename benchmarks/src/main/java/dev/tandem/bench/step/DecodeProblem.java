package dev.tandem.bench.step;

import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.gpt.DecodeSession;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Parameters;
import dev.tandem.gpt.Precision;
import dev.tandem.gpt.cost.FlopCount;
import dev.tandem.gpt.cost.ParameterCount;
import java.util.List;
import java.util.SplittableRandom;

/// One model that continues one text.
public final class DecodeProblem implements Problem {
    private static final long SEED = 7;

    private final Room room;
    private final Gpt model;
    private final DecodeSession session;
    private final int[] prompt;
    private final Tensor logits;

    /// The model's first weights, a prompt, and an empty session.
    public DecodeProblem(Room room, GptConfig config, int promptLength) {
        this(room, config, room.precision().type(), promptLength);
    }

    /// The same where the session multiplies by weights of a type of their own.
    public DecodeProblem(Room room, GptConfig config, ElementType weights, int promptLength) {
        this.room = room;
        this.model = Gpt.create(room.backend(), config, room.precision(), SEED);
        this.session = model.decode(1, config.T(), weights);
        this.prompt =
                new SplittableRandom(SEED).ints(promptLength, 0, config.V()).toArray();
        this.logits = room.floats("logits", config.V());
    }

    /// The weights.
    public Parameters parameters() {
        return model.parameters();
    }

    /// The prompt, `[T]`.
    public int[] prompt() {
        return prompt.clone();
    }

    /// Reads the prompt into an empty session.
    public float[] prefill() {
        session.clear();
        return session.next(prompt);
    }

    /// Appends the prompt's first token; a full session begins anew.
    public float[] decode() {
        if (session.remaining() == 0) {
            session.clear();
        }
        return session.next(prompt[0]);
    }

    /// Work of [#prefill]: the products, without the half of attention that is masked, the head for
    /// the last token only.
    public static Cost prefillCost(GptConfig config, Precision precision, int promptLength) {
        var count = FlopCount.of(config, promptLength);
        double masked = config.L() * 2.0 * promptLength * config.C();
        double flop = (count.forward() - count.head() - masked) * promptLength + count.head();
        double parameters =
                (double) ParameterCount.of(config).total() * precision.type().bytes();
        return new Cost(flop, parameters, cacheBytes(config, precision, promptLength), 0);
    }

    /// Work of [#decode] behind the prompt: every active parameter and the cache are read once.
    public static Cost decodeCost(GptConfig config, Precision precision, int promptLength) {
        return decodeCost(config, precision, precision.type(), promptLength);
    }

    /// The same where weights have a type of their own, without the few that keep the other and without
    /// scales, which together are less than a per cent.
    public static Cost decodeCost(GptConfig config, Precision precision, ElementType weights, int promptLength) {
        var count = FlopCount.of(config, promptLength);
        double parameters = (double) ParameterCount.of(config).active() * weights.bytes();
        double read = parameters + cacheBytes(config, precision, promptLength);
        return new Cost(count.forward(), read, (double) config.V() * Float.BYTES, 0);
    }

    private static double cacheBytes(GptConfig config, Precision precision, int positions) {
        return 2.0 * config.L() * positions * config.C() * precision.type().bytes();
    }

    @Override
    public void run() {
        prefill();
        room.backend().upload(logits, decode());
    }

    @Override
    public List<Tensor> results() {
        return List.of(logits);
    }

    @Override
    public int terms() {
        return prompt.length * model.config().C();
    }
}
