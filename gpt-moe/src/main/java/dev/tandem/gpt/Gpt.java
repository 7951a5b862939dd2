package dev.tandem.gpt;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.PlannedTensor;
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
    private final Precision precision;
    private final Region region;
    private final Parameters parameters;
    private final Parameters weights;
    private final Tensor positions;

    private Gpt(Backend backend, GptConfig config, Precision precision, Region region) {
        this.backend = backend;
        this.config = config;
        this.precision = precision;
        this.region = region;
        this.parameters = Parameters.allocate(config, region);
        this.weights = parameters.working(config, precision, region);
        this.positions = parameters.positions().orElseGet(this::sinusoids);
    }

    private Tensor sinusoids() {
        Tensor table = BufferPlan.allocate(computed(config), region).get(POSITIONS);
        backend.kernels().embedding().sinusoidal(table, config.padding().orElse(-1));
        return table;
    }

    /// The tensors that a model needs: its parameters, working copies, and position vectors that are
    /// computed.
    public static List<PlannedTensor> plan(GptConfig config, Precision precision) {
        var buffers = new ArrayList<>(Parameters.plan(config));
        buffers.addAll(Parameters.workingPlan(config, precision));
        buffers.addAll(computed(config));
        return List.copyOf(buffers);
    }

    private static List<PlannedTensor> computed(GptConfig config) {
        var plan = new BufferPlan(Precision.F32);
        if (config.positions() == Positions.SINUSOIDAL) {
            plan.state(POSITIONS, config.positionRows(), config.C());
        }
        return plan.buffers();
    }

    /// Allocates a model that computes in F32 and draws its first weights.
    ///
    /// @param seed of the weights; equal seeds give equal weights
    /// @throws dev.tandem.engine.OutOfDeviceMemory if it does not fit; nothing stays allocated
    public static Gpt create(Backend backend, GptConfig config, long seed) {
        return create(backend, config, Precision.F32, seed);
    }

    /// Allocates a model that computes in a precision and draws its first weights, which do not depend
    /// on it.
    ///
    /// @param seed of the weights; equal seeds give equal weights
    /// @throws IllegalArgumentException if the backend does not compute in that precision
    /// @throws dev.tandem.engine.OutOfDeviceMemory if it does not fit; nothing stays allocated
    public static Gpt create(Backend backend, GptConfig config, Precision precision, long seed) {
        precision.demandOf(backend);
        Region region = backend.region("model");
        try {
            region.reserve(plan(config, precision));
            var model = new Gpt(backend, config, precision, region);
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

    /// What it computes in.
    public Precision precision() {
        return precision;
    }

    /// The parameters, all in F32. Values that are put into them reach what is planned on this model
    /// afterwards.
    public Parameters parameters() {
        return parameters;
    }

    /// What products read. Matrices are copies of the parameters where these are too precise.
    Parameters weights() {
        return weights;
    }

    /// Renews the copies, in case somebody has set parameters.
    void renewWeights() {
        if (precision == Precision.F32) {
            return;
        }
        List<Tensor> copies = weights.tensors();
        List<Tensor> masters = parameters.tensors();
        for (int i = 0; i < copies.size(); i++) {
            if (copies.get(i).type() == precision.type()) {
                backend.kernels().adamW().round(copies.get(i), masters.get(i));
            }
        }
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
        return TrainingStep.open(this, options, Plan.training(config, precision, B, T, microBatches));
    }

    /// Plans evaluation of `B` sequences of `T` tokens in which no token is dropped.
    public Evaluation evaluation(int B, int T) {
        return Evaluation.open(this, Plan.evaluation(config, precision, B, T));
    }

    /// Plans evaluation of `B` sequences of `T` tokens under a gate of the caller's.
    ///
    /// @throws IllegalArgumentException if the gate draws random numbers
    public Evaluation evaluation(int B, int T, GateOptions gate) {
        return Evaluation.open(this, Plan.evaluation(config, precision, B, T, gate));
    }

    /// Opens a session that continues one text up to `positions` tokens.
    public DecodeSession decode(int positions) {
        return decode(1, positions);
    }

    /// Opens a session that continues `B` texts of equal length up to `positions` tokens each.
    public DecodeSession decode(int B, int positions) {
        return decode(B, positions, precision.type());
    }

    /// Opens a session that continues `B` texts and multiplies by copies of the weights that take fewer
    /// bytes: as the weights are now, so training that goes on does not reach it. A model that computes in
    /// F32 may decode so where [Backend#offersWeights] says it.
    ///
    /// @throws IllegalArgumentException if the backend does not multiply by weights of that type
    public DecodeSession decode(int B, int positions, ElementType weightType) {
        return DecodeSession.open(this, weightType, B, positions);
    }

    /// Frees the weights. Close what was planned on this model first.
    @Override
    public void close() {
        region.close();
    }
}
