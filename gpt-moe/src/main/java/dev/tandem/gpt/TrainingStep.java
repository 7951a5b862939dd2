package dev.tandem.gpt;

import dev.tandem.engine.Backend;
import dev.tandem.engine.PlannedTensor;
import dev.tandem.engine.Region;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Fill;
import dev.tandem.engine.kernel.SecondPolicy;
import java.util.List;
import java.util.stream.Stream;

/// One update after the other, in buffers that were planned once.
///
///     objective = Σ nll / scored + Σ_micro-batches (scored in it / scored) · weight · Σ_blocks l_aux
///
/// A call enqueues its work and returns; only [#report] waits. Once warm, an update allocates
/// nothing on the Java heap. Not safe for use by several threads at once.
public final class TrainingStep implements AutoCloseable {
    private final Gpt model;
    private final Backend backend;
    private final TrainingOptions options;
    private final Region region;
    private final Plan plan;
    private final Parameters gradients;
    private final Network network;
    private final Inputs inputs;
    private final Pass pass;
    private final Tensor norm;
    private final Optimizer optimizer;
    private final float balanceWeight;

    private GateNoise noise;
    private long updates;
    private int scored;
    private double learningRate;

    private TrainingStep(Gpt model, TrainingOptions options, Plan plan, Region region) {
        this.model = model;
        this.backend = model.backend();
        this.options = options;
        this.plan = plan;
        this.region = region;
        this.gradients = Parameters.allocate(model.config(), region);
        this.noise = drawn(backend.kernels().fill(), plan.gate().secondPolicy());
        this.network = Network.training(
                model,
                plan,
                region,
                gradients,
                (target, gate, micro, seed, stream) -> noise.fill(target, gate, micro, seed, stream));
        this.inputs = new Inputs(backend, network);
        this.pass = new Pass(model.config(), true, options.seed());
        this.norm = network.tensor("gradientNorm");
        this.optimizer = new Optimizer(model, options, region, gradients, norm);
        this.balanceWeight = model.config().feedForward() instanceof FeedForward.Experts experts
                ? (float) experts.balanceLoss().perBlock(model.config().expertBlocks())
                : 0;
    }

    static TrainingStep open(Gpt model, TrainingOptions options, Plan plan) {
        model.renewWeights();
        Region region = model.backend().region("step");
        try {
            region.reserve(allocations(plan));
            return new TrainingStep(model, options, plan, region);
        } catch (RuntimeException failure) {
            region.close();
            throw failure;
        }
    }

    /// All that a step allocates, in that order: gradients, activations, and two moments.
    private static List<PlannedTensor> allocations(Plan plan) {
        List<PlannedTensor> parameters = Parameters.plan(plan.config());
        return Stream.of(parameters, plan.buffers(), parameters, parameters)
                .flatMap(List::stream)
                .toList();
    }

    private static GateNoise drawn(Fill fill, SecondPolicy policy) {
        return switch (policy) {
            case SAMPLING -> (target, _, _, seed, stream) -> fill.gumbel(target, seed, stream);
            case RANDOM -> (target, _, _, seed, stream) -> fill.uniform(target, 0, 1, seed, stream);
            case ALL -> (_, _, _, _, _) -> {};
        };
    }

    /// The activations, gradients of activations and statistics that training needs, besides the
    /// parameters and three more tensors of each one's size: gradient and two moments.
    public static List<PlannedTensor> plan(GptConfig config, Precision precision, int B, int T, int microBatches) {
        return Plan.training(config, precision, B, T, microBatches).buffers();
    }

    /// Supplies the gates' random numbers instead of drawing them from the seed.
    public void noise(GateNoise supplied) {
        noise = supplied;
    }

    /// Tokens of one update, over all micro-batches.
    public int tokens() {
        return plan.N() * plan.microBatches();
    }

    /// Updates done.
    public long updates() {
        return updates;
    }

    /// Computes gradients and updates every parameter at the schedule's learning rate.
    ///
    /// @param ids `[microBatches · B, T]`, row-major
    /// @param targets the ids one position later, as many; one that is −1 or the padding id is not scored
    /// @throws IllegalArgumentException if the lengths differ from the plan's, or no target is scored
    public void run(int[] ids, int[] targets) {
        computeGradients(ids, targets);
        update(options.schedule().rate(updates));
    }

    /// Computes the gradients of the objective and leaves the parameters alone.
    public void computeGradients(int[] ids, int[] targets) {
        scored = inputs.upload(ids, targets);
        if (scored == 0) {
            throw new IllegalArgumentException("no target of this batch is scored: all are -1 or padding");
        }
        optimizer.clear();
        for (int micro = 0; micro < plan.microBatches(); micro++) {
            pass.begin(updates, plan.microBatches(), micro);
            pass.padding = inputs.padding(micro);
            pass.balanceWeight = balanceWeight * inputs.scored(micro) / scored;
            network.forward(pass);
            network.backward(pass, 1f / scored);
        }
    }

    /// Updates every parameter from the gradients of the last [#computeGradients].
    public void update(double rate) {
        learningRate = rate;
        optimizer.update(updates, rate);
        updates++;
    }

    /// Gradients of the last update, before the scaling of experts and before clipping.
    public Parameters gradients() {
        return gradients;
    }

    /// Waits for the last update and reads what it did.
    ///
    /// @throws IllegalStateException before the first update
    public StepReport report() {
        if (updates == 0) {
            throw new IllegalStateException("there is nothing to report before the first update");
        }
        double nll = 0;
        for (float part : backend.floats(network.tensor("loss.total"))) {
            nll += part;
        }
        nll /= scored;
        float[] norms = backend.floats(norm);
        List<GateReport> gates = GateReports.download(backend, network, shares());
        double balance = 0;
        for (GateReport gate : gates) {
            balance += gate.balanceLoss();
        }
        return new StepReport(
                updates - 1, scored, nll, nll + balanceWeight * balance, norms[0], norms[1], learningRate, gates);
    }

    private double[] shares() {
        var shares = new double[plan.microBatches()];
        for (int micro = 0; micro < shares.length; micro++) {
            shares[micro] = (double) inputs.scored(micro) / scored;
        }
        return shares;
    }

    /// The planned network, for comparison of its inner values.
    Network network() {
        return network;
    }

    /// The model that is trained.
    public Gpt model() {
        return model;
    }

    /// Frees gradients, moments and activations.
    @Override
    public void close() {
        region.close();
    }
}
