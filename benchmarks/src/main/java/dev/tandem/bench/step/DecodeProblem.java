package dev.tandem.bench.step;

import dev.tandem.bench.Problem;
import dev.tandem.bench.Room;
import dev.tandem.bench.machine.Cost;
import dev.tandem.engine.Tensor;
import dev.tandem.gpt.DecodeSession;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.cost.FlopCount;
import dev.tandem.gpt.cost.ParameterCount;
import java.util.List;
import java.util.SplittableRandom;

/// One model that continues one text.
final class DecodeProblem implements Problem {
    private static final long SEED = 7;

    private final Room room;
    private final GptConfig config;
    private final DecodeSession session;
    private final int[] prompt;
    private final Tensor logits;

    DecodeProblem(Room room, GptConfig config, int promptLength) {
        this.room = room;
        this.config = config;
        this.session =
                Gpt.create(room.backend(), config, room.precision(), SEED).decode(config.T());
        this.prompt =
                new SplittableRandom(SEED).ints(promptLength, 0, config.V()).toArray();
        this.logits = room.floats("logits", config.V());
    }

    /// Reads the prompt into an empty session.
    float[] prefill() {
        session.clear();
        return session.next(prompt);
    }

    /// Appends a token; a full session begins anew.
    float[] decode() {
        if (session.remaining() == 0) {
            session.clear();
        }
        return session.next(prompt[0]);
    }

    /// Work of [#prefill]: the products, without the half of attention that is masked, the head for
    /// the last token only.
    Cost prefillCost() {
        var count = FlopCount.of(config, prompt.length);
        double masked = config.L() * 2.0 * prompt.length * config.C();
        double flop = (count.forward() - count.head() - masked) * prompt.length + count.head();
        double parameters = (double) ParameterCount.of(config).total() * bytes();
        return new Cost(flop, parameters, cacheBytes(), 0);
    }

    /// Work of [#decode] behind the prompt: every active parameter and the cache are read once.
    Cost decodeCost() {
        var count = FlopCount.of(config, prompt.length);
        double parameters = (double) ParameterCount.of(config).active() * bytes();
        return new Cost(count.forward(), parameters + cacheBytes(), (double) config.V() * Float.BYTES, 0);
    }

    private int bytes() {
        return room.precision().type().bytes();
    }

    private double cacheBytes() {
        return 2.0 * config.L() * prompt.length * config.C() * bytes();
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
        return prompt.length * config.C();
    }
}
