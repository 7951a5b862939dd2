package dev.tandem.gpt;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GateOptions;
import java.util.ArrayList;
import java.util.List;

/// A model: its configuration and its weights in a backend's memory.
///
///     try (Backend backend = Backends.open();
///             Gpt model = Gpt.create(backend, GptConfig.gpt3(256, 64, 2, 64, 2).withExperts(8), 1)) {
///         try (TrainingStep step = model.training(TrainingOptions.paper(schedule, 1), 8, 64)) {
///             step.run(ids, targets);
///         }
///         try (DecodeSession session = model.decode(64)) {
///             int[] text = session.generate(prompt, 32, Sampler.greedy());
///         }
///     }
///
/// Not safe for use by several threads at once.
public final class Gpt implements AutoCloseable {
    private static final String POSITIONS = "positions";

    private final Backend backend;
    private final GptConfig config;
    private final Region region;
    private final Parameters parameters;
    private final Tensor positions;

    private Gpt(Backend backend, GptConfig config, Region region) {
        this.backend = backend;
        this.config = config;
        this.region = region;
        this.parameters = Parameters.allocate(config, region);
        this.positions = parameters.positions().orElseGet(this::sinusoids);
    }

    private Tensor sinusoids() {
        Tensor table = BufferPlan.allocate(computed(config), region).get(POSITIONS);
        backend.kernels().embedding().sinusoidal(table, config.padding().orElse(-1));
        return table;
    }

    /// The tensors that a model needs: its parameters, and position vectors that are computed.
    public static List<Buffer> plan(GptConfig config) {
        var buffers = new ArrayList<>(Parameters.plan(config));
        buffers.addAll(computed(config));
        return List.copyOf(buffers);
    }

    private static List<Buffer> computed(GptConfig config) {
        var plan = new BufferPlan();
        if (config.positions() == Positions.SINUSOIDAL) {
            plan.state(POSITIONS, config.positionRows(), config.C());
        }
        return plan.buffers();
    }

    /// Allocates a model and draws its first weights.
    ///
    /// @param seed of the weights; equal seeds give equal weights
    /// @throws dev.tandem.engine.OutOfDeviceMemory if it does not fit; nothing stays allocated
    public static Gpt create(Backend backend, GptConfig config, long seed) {
        Region region = backend.region("model");
        try {
            var model = new Gpt(backend, config, region);
            Initialization.fill(backend.kernels().fill(), config, model.parameters, seed);
            return model;
        } catch (RuntimeException failure) {
            region.close();
            throw failure;
        }
    }

    /// The configuration.
    public GptConfig config() {
        return config;
    }

    /// The backend that holds and computes it.
    public Backend backend() {
        return backend;
    }

    /// The weights.
    public Parameters parameters() {
        return parameters;
    }

    /// Position vectors, learned or computed.
    Tensor positions() {
        return positions;
    }

    /// Plans training on batches of `B` sequences of `T` tokens.
    public TrainingStep training(TrainingOptions options, int B, int T) {
        return training(options, B, T, 1);
    }

    /// Plans training on `microBatches` batches of `B` sequences of `T` tokens per update.
    /// Gradients are summed; each micro-batch is a gate group of its own, with its own capacity and
    /// balance loss.
    public TrainingStep training(TrainingOptions options, int B, int T, int microBatches) {
        return TrainingStep.open(this, options, Plan.training(config, B, T, microBatches));
    }

    /// Plans evaluation of `B` sequences of `T` tokens in which no token is dropped.
    public Evaluation evaluation(int B, int T) {
        return Evaluation.open(this, Plan.evaluation(config, B, T));
    }

    /// Plans evaluation of `B` sequences of `T` tokens under a gate of the caller's.
    ///
    /// @throws IllegalArgumentException if the gate draws random numbers
    public Evaluation evaluation(int B, int T, GateOptions gate) {
        return Evaluation.open(this, Plan.evaluation(config, B, T, gate));
    }

    /// Opens a session that continues one text up to `positions` tokens.
    public DecodeSession decode(int positions) {
        return decode(1, positions);
    }

    /// Opens a session that continues `B` texts of equal length up to `positions` tokens each.
    public DecodeSession decode(int B, int positions) {
        return DecodeSession.open(this, B, positions);
    }

    /// Frees the weights. Close what was planned on this model first.
    @Override
    public void close() {
        region.close();
    }
}
