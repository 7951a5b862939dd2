package dev.tandem.gpt;

import dev.tandem.engine.PlannedTensor;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.SecondPolicy;
import java.util.List;

/// The sizes of one pass, and the buffers it needs.
///
/// Training keeps every block's activations for the backward; evaluation shares one block's among
/// all.
///
/// @param config of the model
/// @param precision of its activations
/// @param B sequences of a micro-batch
/// @param T tokens of a sequence
/// @param microBatches whose gradients one update sums; 1 in evaluation
/// @param use what the pass is for
/// @param gate rules of the gates; ignored by a dense model
record Plan(GptConfig config, Precision precision, int B, int T, int microBatches, Use use, GateOptions gate) {
    /// What a pass is for.
    enum Use {
        /// Losses, and a backward.
        TRAINING,
        /// Losses or logits of every token.
        EVALUATION,
        /// Hidden states; the session has its own head.
        DECODING
    }

    // one chunk of logits stays below this, unless a single row exceeds it
    private static final long CHUNK_BYTES = 64L << 20;

    Plan {
        if (B < 1 || microBatches < 1) {
            throw new IllegalArgumentException("a batch needs at least 1 sequence and 1 micro-batch, was B=" + B
                    + " micro-batches=" + microBatches);
        }
        if (T < 1 || T > config.T()) {
            throw new IllegalArgumentException("T must be in 1.." + config.T() + ", was " + T);
        }
        if ((long) B * T * microBatches > Integer.MAX_VALUE / 2) {
            throw new IllegalArgumentException("a batch of " + B + "x" + T + " tokens in " + microBatches
                    + " micro-batches is too large; take fewer sequences");
        }
    }

    static Plan training(GptConfig config, Precision precision, int B, int T, int microBatches) {
        return new Plan(config, precision, B, T, microBatches, Use.TRAINING, trainingGate(config));
    }

    static Plan evaluation(GptConfig config, Precision precision, int B, int T) {
        return evaluation(config, precision, B, T, trainingGate(config).dropless());
    }

    static Plan evaluation(GptConfig config, Precision precision, int B, int T, GateOptions gate) {
        return new Plan(config, precision, B, T, 1, Use.EVALUATION, gate);
    }

    static Plan decoding(GptConfig config, Precision precision, int B, int T) {
        return new Plan(
                config, precision, B, T, 1, Use.DECODING, trainingGate(config).dropless());
    }

    boolean training() {
        return use == Use.TRAINING;
    }

    private static GateOptions trainingGate(GptConfig config) {
        return config.feedForward() instanceof FeedForward.Experts experts ? experts.gate() : GateOptions.training(2);
    }

    int N() {
        return B * T;
    }

    int chunkRows() {
        return (int) Math.max(1, Math.min(N(), CHUNK_BYTES / ((long) Float.BYTES * config.V())));
    }

    int chunks() {
        return Math.ceilDiv(N(), chunkRows());
    }

    /// Prefix of a block's buffers: its own in training, the common one in evaluation.
    String block(int block) {
        return training() ? "blocks." + block + "." : "block.";
    }

    /// Name of the residual stream in front of a block, `block = L` behind the last.
    String stream(int block) {
        return training() ? "stream." + block : "stream";
    }

    /// Name of the residual stream between attention and feed-forward layer.
    String middle(int block) {
        return training() ? "stream." + block + ".middle" : "stream";
    }

    boolean noisy() {
        return gate.secondPolicy() != SecondPolicy.ALL && config.expertBlocks() > 0;
    }

    List<PlannedTensor> buffers() {
        var plan = new BufferPlan(precision);
        inputs(plan);
        int N = N();
        int C = config.C();
        for (int block = 0; block < config.L(); block++) {
            plan.activation(stream(block), N, C);
            norm(plan, block(block) + "attentionNorm");
            plan.activation(block(block) + "qkv", N, 3 * C);
            plan.activation(block(block) + "attention", N, C);
            plan.floats(block(block) + "logSumExp", B, config.H(), T);
            plan.activation(middle(block), N, C);
            norm(plan, block(block) + "feedForwardNorm");
            switch (config.feedForward(block)) {
                case FeedForward.Dense dense -> dense(plan, block(block), dense);
                case FeedForward.Experts experts -> experts(plan, block(block), experts);
            }
        }
        plan.activation(stream(config.L()), N, C);
        norm(plan, "norm");
        plan.activation("branch", N, C);
        if (use != Use.DECODING) {
            head(plan);
        }
        if (training()) {
            gradients(plan);
        }
        return plan.buffers();
    }

    private void inputs(BufferPlan plan) {
        plan.integers("ids", microBatches * B, T);
        plan.integers("targets", microBatches * N());
        if (config.padding().isPresent()) {
            plan.integers("padding", microBatches * B, T);
        }
    }

    private void norm(BufferPlan plan, String name) {
        plan.activation(name, N(), config.C());
        plan.floats(name + ".mean", N());
        plan.floats(name + ".rstd", N());
    }

    private void dense(BufferPlan plan, String block, FeedForward.Dense dense) {
        if (training()) {
            plan.activation(block + "preActivation", N(), dense.F());
        }
        plan.activation(block + "hidden", N(), dense.F());
    }

    private void experts(BufferPlan plan, String block, FeedForward.Experts experts) {
        int N = N();
        int E = experts.E();
        int K = gate.K();
        int R = gate.rows(N, E);
        plan.floats("gate.logits", N, E);
        if (noisy()) {
            plan.floats("gate.noise", gate.secondPolicy() == SecondPolicy.SAMPLING ? new int[] {N, E} : new int[] {N});
        }
        plan.floats(block + "gate.probabilities", N, E);
        plan.integers(block + "routing.expert", N, K);
        plan.integers(block + "routing.slot", N, K);
        plan.floats(block + "routing.weight", N, K);
        plan.integers(block + "rows.starts", E);
        plan.integers(block + "rows.counts", E);
        plan.integers(block + "rows.choiceOf", R);
        plan.activation(block + "experts", R, config.C());
        if (training()) {
            plan.activation(block + "experts.preActivation", R, experts.F());
        }
        int gates = microBatches * config.expertBlocks();
        plan.integers("load.queued", gates, K, E);
        plan.integers("load.dropped", gates, K, E);
        plan.floats("load.entropy", gates);
        plan.floats("balanceLoss", gates);
    }

    private void head(BufferPlan plan) {
        plan.floats("logits", chunkRows(), config.V());
        plan.floats("loss", N());
        plan.floats("loss.logSumExp", N());
        plan.floats("loss.total", microBatches * chunks());
    }

    private void gradients(BufferPlan plan) {
        int N = N();
        int C = config.C();
        plan.floats("gradientNorm", 2);
        if (precision != Precision.F32) {
            plan.activation("dLogits", chunkRows(), config.V());
        }
        plan.activation("dStream", N, C);
        plan.activation("dNorm", N, C);
        plan.activation("dAttention", N, C);
        plan.activation("dQkv", N, 3 * C);
        for (int block = 0; block < config.L(); block++) {
            switch (config.feedForward(block)) {
                case FeedForward.Dense dense -> plan.activation("dHidden", N, dense.F());
                case FeedForward.Experts experts -> {
                    int R = gate.rows(N, experts.E());
                    plan.activation("dExperts", R, C);
                    plan.activation("dExpertRows", R, C);
                    plan.floats("dWeight", N, gate.K());
                    plan.activation("gate.dLogits", N, experts.E());
                    plan.activation("gate.dInput", N, C);
                }
            }
        }
    }
}
