package dev.tandem.gpt;

import dev.tandem.engine.Backend;
import dev.tandem.engine.PlannedTensor;
import dev.tandem.engine.Region;
import dev.tandem.engine.RepeatedStep;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.KvCache;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Continues texts token by token; keys and values of earlier positions are kept, no token is
/// dropped.
///
/// The number of texts is fixed, so appending one token to each is always the same step, and a device may
/// keep what it prepared for it: a session prepares its own, and nothing is padded to a size that several share.
///
/// Not safe for use by several threads at once.
public final class DecodeSession implements AutoCloseable {
    private final Gpt model;
    private final Backend backend;
    private final Region region;
    private final int B;
    private final int capacity;
    private final List<KvCache> caches = new ArrayList<>();
    private final Tensor logits;
    private final Network one;
    private final Inputs oneInputs;
    private final Pass pass;
    private final RepeatedStep token;
    private int length;

    private DecodeSession(Gpt model, int B, int capacity, Region region) {
        this.model = model;
        this.backend = model.backend();
        this.region = region;
        this.B = B;
        this.capacity = capacity;
        var tensors = BufferPlan.allocate(kept(model.config(), model.precision(), B, capacity), region);
        for (int block = 0; block < model.config().L(); block++) {
            caches.add(
                    new KvCache(tensors.get("blocks." + block + ".keys"), tensors.get("blocks." + block + ".values")));
        }
        this.logits = tensors.get("next");
        this.one = Network.evaluation(model, Plan.decoding(model.config(), model.precision(), B, 1), region);
        this.oneInputs = new Inputs(backend, one);
        this.pass = new Pass(model.config(), false, 0);
        this.token = region.repeated();
    }

    static DecodeSession open(Gpt model, int B, int capacity) {
        if (B < 1 || capacity < 1 || capacity > model.config().T()) {
            throw new IllegalArgumentException("a session needs at least one text and 1 to "
                    + model.config().T() + " positions, was B=" + B + " positions=" + capacity);
        }
        model.renewWeights();
        Region region = model.backend().region("session");
        try {
            region.reserve(plan(model.config(), model.precision(), B, capacity));
            return new DecodeSession(model, B, capacity, region);
        } catch (RuntimeException failure) {
            region.close();
            throw failure;
        }
    }

    /// The tensors that a session needs besides the parameters; those of a prompt come on top while
    /// it is read.
    public static List<PlannedTensor> plan(GptConfig config, Precision precision, int B, int positions) {
        var buffers = new ArrayList<>(kept(config, precision, B, positions));
        buffers.addAll(Plan.decoding(config, precision, B, 1).buffers());
        return List.copyOf(buffers);
    }

    private static List<PlannedTensor> kept(GptConfig config, Precision precision, int B, int positions) {
        var plan = new BufferPlan(precision);
        for (int block = 0; block < config.L(); block++) {
            plan.cache("blocks." + block + ".keys", B, positions, config.C());
            plan.cache("blocks." + block + ".values", B, positions, config.C());
        }
        plan.floats("next", B, config.V());
        return plan.buffers();
    }

    /// Positions every text has so far.
    public int length() {
        return length;
    }

    /// Positions that still fit.
    public int remaining() {
        return capacity - length;
    }

    /// Forgets the texts; the next tokens start new ones.
    public void clear() {
        length = 0;
    }

    /// Appends tokens and returns the logits of what follows.
    ///
    /// @param ids `[B, T]`, row-major: a prompt, or one token per text
    /// @return `[B, V]`
    /// @throws IllegalArgumentException if the texts would exceed the session, or an id is padding
    public float[] next(int... ids) {
        int T = ids.length / B;
        if (ids.length == 0 || ids.length % B != 0 || T > remaining()) {
            throw new IllegalArgumentException("tokens for " + B + " texts with " + remaining()
                    + " positions left must be a multiple of " + B + " and at most " + (long) B * remaining()
                    + ", were "
                    + ids.length + "; open a longer session or clear this one");
        }
        model.config().padding().ifPresent(padding -> {
            if (Arrays.stream(ids).anyMatch(id -> id == padding)) {
                throw new IllegalArgumentException("a text to be continued holds no padding (id " + padding + ")");
            }
        });
        if (T == 1) {
            token.run(() -> append(one, oneInputs, ids));
        } else {
            try (Region prompt = backend.region("prompt")) {
                var plan = Plan.decoding(model.config(), model.precision(), B, T);
                prompt.reserve(plan.buffers());
                var network = Network.evaluation(model, plan, prompt);
                append(network, new Inputs(backend, network), ids);
            }
        }
        length += T;
        return backend.floats(logits);
    }

    private void append(Network network, Inputs inputs, int[] ids) {
        inputs.upload(ids);
        network.decode(pass, caches, length);
        int T = network.plan().T();
        Tensor table = model.weights().embedding();
        var linear = backend.kernels().linear();
        if (T == 1) {
            linear.forward(logits, network.hidden(), table, Optional.empty());
            return;
        }
        for (int b = 0; b < B; b++) {
            Tensor last = network.hidden().slice(b * T + T - 1, 1);
            linear.forward(logits.slice(b, 1), last, table, Optional.empty());
        }
    }

    /// Continues one text by up to `count` tokens; fewer if the session is full before.
    ///
    /// @param prompt at least one token
    /// @return the new tokens
    /// @throws IllegalArgumentException if the prompt does not fit
    /// @throws IllegalStateException if the session holds several texts
    public int[] generate(int[] prompt, int count, Sampler sampler) {
        if (B != 1) {
            throw new IllegalStateException("generate continues one text, this session holds " + B + "; use next");
        }
        var tokens = new int[Math.max(0, Math.min(count, remaining() - prompt.length + 1))];
        float[] row = next(prompt);
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = sampler.pick(row, row.length);
            if (i + 1 < tokens.length) {
                row = next(tokens[i]);
            }
        }
        return tokens;
    }

    /// Frees caches and buffers.
    @Override
    public void close() {
        region.close();
    }
}
