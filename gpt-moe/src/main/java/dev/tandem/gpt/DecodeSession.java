package dev.tandem.gpt;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
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
/// Each token reads all weights once, and nothing bounds it more than their bytes. So a session may
/// multiply by copies of fewer bytes, which it makes when it is opened: of every matrix but those of
/// gates, and of the embedding table where it gives logits, not where tokens are looked up.
///
/// Not safe for use by several threads at once.
public final class DecodeSession implements AutoCloseable {
    private static final int COPIED_AT_ONCE = 1 << 22;

    private final Gpt model;
    private final Backend backend;
    private final Region region;
    private final int B;
    private final int capacity;
    private final List<KvCache> caches = new ArrayList<>();
    private final Parameters weights;
    private final Tensor logits;
    private final Network one;
    private final Inputs oneInputs;
    private final Pass pass;
    private final RepeatedStep token;
    private int length;

    private DecodeSession(Gpt model, ElementType weightType, int B, int capacity, Region region) {
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
        this.weights =
                model.weights().with(copies(model.config(), model.precision(), weightType), model.config(), region);
        copy(model.weights().tensors(), weights.tensors());
        this.one = Network.evaluation(model, weights, Plan.decoding(model.config(), model.precision(), B, 1), region);
        this.oneInputs = new Inputs(backend, one);
        this.pass = new Pass(model.config(), false, 0);
        this.token = region.repeated();
    }

    /// Fills the copies, some rows at a time.
    private void copy(List<Tensor> originals, List<Tensor> copies) {
        for (int i = 0; i < originals.size(); i++) {
            Tensor from = originals.get(i);
            Tensor to = copies.get(i);
            if (from.type() == to.type()) {
                continue;
            }
            boolean stack = from.shape().rank() == 3;
            for (int e = 0; e < (stack ? from.shape().extent(0) : 1); e++) {
                copyMatrix(stack ? from.at(e) : from, stack ? to.at(e) : to);
            }
        }
    }

    private void copyMatrix(Tensor from, Tensor to) {
        int rows = from.shape().extent(0);
        int atOnce = Math.max(1, COPIED_AT_ONCE / from.shape().last());
        for (int first = 0; first < rows; first += atOnce) {
            int count = Math.min(atOnce, rows - first);
            backend.upload(to.slice(first, count), backend.floats(from.slice(first, count)));
        }
    }

    static DecodeSession open(Gpt model, ElementType weightType, int B, int capacity) {
        demand(model, weightType);
        if (B < 1 || capacity < 1 || capacity > model.config().T()) {
            throw new IllegalArgumentException("a session needs at least one text and 1 to "
                    + model.config().T() + " positions, was B=" + B + " positions=" + capacity);
        }
        model.renewWeights();
        Region region = model.backend().region("session");
        try {
            region.reserve(plan(model.config(), model.precision(), weightType, B, capacity));
            return new DecodeSession(model, weightType, B, capacity, region);
        } catch (RuntimeException failure) {
            region.close();
            throw failure;
        }
    }

    private static void demand(Gpt model, ElementType weightType) {
        Backend backend = model.backend();
        if (weightType == model.precision().type()) {
            return;
        }
        if (model.precision() != Precision.F32 || !backend.offersWeights(weightType)) {
            throw new IllegalArgumentException(
                    "backend '%s' does not decode by weights in %s with activations in %s: leave them %s"
                                    .formatted(
                                            backend.name(),
                                            weightType,
                                            model.precision(),
                                            model.precision().type())
                            + ", or open a backend that offers such weights and a model in F32");
        }
    }

    /// The tensors that a session needs besides the parameters; those of a prompt come on top while
    /// it is read.
    public static List<PlannedTensor> plan(GptConfig config, Precision precision, int B, int positions) {
        return plan(config, precision, precision.type(), B, positions);
    }

    /// The same where the session's weights have a type of their own.
    public static List<PlannedTensor> plan(
            GptConfig config, Precision precision, ElementType weightType, int B, int positions) {
        var buffers = new ArrayList<>(kept(config, precision, B, positions));
        buffers.addAll(copies(config, precision, weightType));
        buffers.addAll(Plan.decoding(config, precision, B, 1).buffers());
        return List.copyOf(buffers);
    }

    private static List<PlannedTensor> copies(GptConfig config, Precision precision, ElementType weightType) {
        return weightType == precision.type() ? List.of() : Parameters.copyPlan(config, weightType);
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
                var network = Network.evaluation(model, weights, plan, prompt);
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
        Tensor table = weights.embedding();
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
