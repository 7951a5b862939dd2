package dev.tandem.gpt;

import dev.tandem.engine.Kernels;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.KvCache;

/// One pre-norm block: `x += attention(norm(x))`, then `x += feedForward(norm(x))`.
final class Block {
    private final Kernels kernels;
    private final Parameters.Block weights;
    private final Parameters.Block gradients;
    private final int number;
    private final int H;

    private final Tensor x;
    private final Tensor middle;
    private final Tensor y;
    private final NormLayer attentionNorm;
    private final Tensor qkv;
    private final Tensor qkvSequences;
    private final Tensor attention;
    private final Tensor attentionSequences;
    private final Tensor logSumExp;
    private final NormLayer feedForwardNorm;
    private final FeedForwardLayer feedForward;
    private final Tensor branch;

    Block(Context context, int number, Parameters.Block weights, Parameters.Block gradients, FeedForwardLayer layer) {
        Plan plan = context.plan();
        this.kernels = context.kernels();
        this.weights = weights;
        this.gradients = gradients;
        this.number = number;
        this.H = plan.config().H();
        this.x = context.tensor(plan.stream(number));
        this.middle = context.tensor(plan.middle(number));
        this.y = context.tensor(plan.stream(number + 1));
        String name = plan.block(number);
        this.attentionNorm =
                new NormLayer(context, weights.attentionNorm(), gradients.attentionNorm(), x, name + "attentionNorm");
        this.qkv = context.tensor(name + "qkv");
        this.qkvSequences = context.sequences(qkv);
        this.attention = context.tensor(name + "attention");
        this.attentionSequences = context.sequences(attention);
        this.logSumExp = context.tensor(name + "logSumExp");
        this.feedForwardNorm = new NormLayer(
                context, weights.feedForwardNorm(), gradients.feedForwardNorm(), middle, name + "feedForwardNorm");
        this.feedForward = layer;
        this.branch = context.tensor("branch");
    }

    FeedForwardLayer feedForward() {
        return feedForward;
    }

    void forward(Pass pass) {
        queries();
        kernels.attention()
                .forward(
                        attentionSequences,
                        logSumExp,
                        qkvSequences,
                        pass.padding,
                        H,
                        pass.dropout(),
                        pass.seed(),
                        pass.probabilityStream(number));
        rest(pass);
    }

    /// Appends the pass's positions behind `start` cached ones.
    void decode(Pass pass, KvCache cache, int start) {
        queries();
        kernels.attention().decode(attentionSequences, qkvSequences, cache, start, H);
        rest(pass);
    }

    private void queries() {
        attentionNorm.forward();
        kernels.linear()
                .forward(
                        qkv,
                        attentionNorm.y(),
                        weights.qkv().weight(),
                        weights.qkv().bias());
    }

    private void rest(Pass pass) {
        kernels.linear()
                .forward(
                        branch, attention, weights.out().weight(), weights.out().bias());
        if (pass.drops()) {
            kernels.dropout().forward(branch, branch, pass.dropout(), pass.seed(), pass.attentionStream(number));
        }
        kernels.add().forward(middle, x, branch);
        feedForwardNorm.forward();
        feedForward.forward(branch, feedForwardNorm.y(), pass);
        kernels.add().forward(y, middle, branch);
    }

    /// Buffers of the backward, shared by all blocks.
    record Scratch(Tensor dNorm, Tensor dAttention, Tensor dAttentionSequences, Tensor dQkv, Tensor dQkvSequences) {
        static Scratch of(Context context) {
            Tensor dAttention = context.tensor("dAttention");
            Tensor dQkv = context.tensor("dQkv");
            return new Scratch(
                    context.tensor("dNorm"), dAttention, context.sequences(dAttention), dQkv, context.sequences(dQkv));
        }
    }

    /// Turns the gradient of the stream behind this block into that of the stream in front of it.
    void backward(Tensor dStream, Scratch d, Pass pass) {
        feedForward.backward(d.dNorm, dStream, feedForwardNorm.y(), pass);
        feedForwardNorm.backward(d.dNorm);
        kernels.add().forward(dStream, dStream, d.dNorm);

        Tensor dBranch = dStream;
        if (pass.drops()) {
            dBranch = branch;
            kernels.dropout().forward(dBranch, dStream, pass.dropout(), pass.seed(), pass.attentionStream(number));
        }
        kernels.linear()
                .backwardWeight(gradients.out().weight(), gradients.out().bias(), dBranch, attention);
        kernels.linear().backwardData(d.dAttention, dBranch, weights.out().weight());
        kernels.attention()
                .backward(
                        d.dQkvSequences,
                        d.dAttentionSequences,
                        attentionSequences,
                        logSumExp,
                        qkvSequences,
                        pass.padding,
                        H,
                        pass.dropout(),
                        pass.seed(),
                        pass.probabilityStream(number));
        kernels.linear()
                .backwardWeight(gradients.qkv().weight(), gradients.qkv().bias(), d.dQkv, attentionNorm.y());
        kernels.linear().backwardData(d.dNorm, d.dQkv, weights.qkv().weight());
        attentionNorm.backward(d.dNorm);
        kernels.add().forward(dStream, dStream, d.dNorm);
    }
}
