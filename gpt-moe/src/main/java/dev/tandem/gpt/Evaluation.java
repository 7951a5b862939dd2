package dev.tandem.gpt;

import dev.tandem.engine.Backend;
import dev.tandem.engine.PlannedTensor;
import dev.tandem.engine.Region;
import dev.tandem.engine.kernel.SecondPolicy;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Forward passes without dropout and without noise, in buffers that were planned once.
///
/// Not safe for use by several threads at once.
public final class Evaluation implements AutoCloseable {
    private final Backend backend;
    private final Region region;
    private final Plan plan;
    private final Network network;
    private final Inputs inputs;
    private final Pass pass;

    private Evaluation(Gpt model, Plan plan, Region region) {
        this.backend = model.backend();
        this.region = region;
        this.plan = plan;
        this.network = Network.evaluation(model, plan, region);
        this.inputs = new Inputs(backend, network);
        this.pass = new Pass(model.config(), false, 0);
    }

    static Evaluation open(Gpt model, Plan plan) {
        if (plan.noisy()) {
            throw new IllegalArgumentException("evaluation draws no random numbers: use the second-expert policy "
                    + SecondPolicy.ALL + ", not " + plan.gate().secondPolicy());
        }
        model.renewWeights();
        Region region = model.backend().region("evaluation");
        try {
            region.reserve(plan.buffers());
            return new Evaluation(model, plan, region);
        } catch (RuntimeException failure) {
            region.close();
            throw failure;
        }
    }

    /// The tensors that drop-less evaluation needs besides the parameters.
    public static List<PlannedTensor> plan(GptConfig config, Precision precision, int B, int T) {
        return Plan.evaluation(config, precision, B, T).buffers();
    }

    /// Tokens of one call.
    public int tokens() {
        return plan.N();
    }

    /// Negative log-likelihood of every target, nats.
    ///
    /// @param ids `[B, T]`, row-major
    /// @param targets the ids one position later; one that is −1 or the padding id gives 0
    /// @return `[B · T]`
    public float[] nll(int[] ids, int[] targets) {
        inputs.upload(ids, targets);
        forward();
        network.head().losses();
        return backend.floats(network.tensor("loss"));
    }

    /// Logits of every token, `[B · T, V]`; the whole array must fit into memory.
    public float[] logits(int[] ids) {
        inputs.upload(ids);
        forward();
        int V = plan.config().V();
        var all = new float[Math.multiplyExact(plan.N(), V)];
        MemorySegment target = MemorySegment.ofArray(all);
        long row = (long) V * Float.BYTES;
        network.head()
                .logits((first, rows, logits) -> backend.download(target.asSlice(first * row, rows * row), logits));
        return all;
    }

    private void forward() {
        pass.padding = inputs.padding(0);
        network.forward(pass);
    }

    /// What the gates did in the last call; one report per MoE block.
    public List<GateReport> gates() {
        return GateReports.download(backend, network, new double[] {1});
    }

    /// Frees the buffers.
    @Override
    public void close() {
        region.close();
    }
}
