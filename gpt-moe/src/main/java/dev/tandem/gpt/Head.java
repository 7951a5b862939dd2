package dev.tandem.gpt;

import dev.tandem.engine.Kernels;
import dev.tandem.engine.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Logits and losses, some rows at a time: `[N, V]` logits never exist at once unless they are
/// small.
final class Head {
    private final Kernels kernels;
    private final Tensor embedding;
    private final Tensor dEmbedding;
    /// By micro-batch, then by chunk.
    private final List<List<Chunk>> chunks = new ArrayList<>();

    /// Rows `first … first + rows − 1` of one micro-batch.
    private record Chunk(
            int first,
            int rows,
            Tensor hidden,
            Tensor dHidden,
            Tensor logits,
            Tensor dLogits,
            Tensor targets,
            Tensor loss,
            Tensor logSumExp,
            Tensor total) {}

    /// @param hidden `[N, C]`, the normalized output of the last block
    /// @param dHidden its gradient; `hidden` itself where no backward follows
    Head(Context context, Tensor embedding, Tensor dEmbedding, Tensor hidden, Tensor dHidden) {
        this.kernels = context.kernels();
        this.embedding = embedding;
        this.dEmbedding = dEmbedding;
        Plan plan = context.plan();
        int N = plan.N();
        Tensor logits = context.tensor("logits");
        // in F32 the gradient takes the place of the logits; without a backward it is never written
        boolean apart = plan.training() && plan.precision() != Precision.F32;
        Tensor dLogits = apart ? context.tensor("dLogits") : logits;
        for (int micro = 0; micro < plan.microBatches(); micro++) {
            var row = new ArrayList<Chunk>();
            for (int first = 0; first < N; first += plan.chunkRows()) {
                int count = Math.min(plan.chunkRows(), N - first);
                row.add(new Chunk(
                        first,
                        count,
                        hidden.slice(first, count),
                        dHidden.slice(first, count),
                        logits.slice(0, count),
                        dLogits.slice(0, count),
                        context.tensor("targets").slice(micro * N + first, count),
                        context.tensor("loss").slice(first, count),
                        context.tensor("loss.logSumExp").slice(first, count),
                        context.tensor("loss.total").slice(micro * plan.chunks() + row.size(), 1)));
            }
            chunks.add(row);
        }
    }

    /// Losses per token.
    void losses() {
        var row = chunks.get(0);
        for (int i = 0; i < row.size(); i++) {
            var chunk = row.get(i);
            logits(chunk);
            loss(chunk);
        }
    }

    /// Losses and, chunk by chunk, the gradients of the hidden rows and of the embedding.
    ///
    /// @param scale 1 / scored tokens of the update
    void lossesAndGradients(int microBatch, float scale) {
        var row = chunks.get(microBatch);
        for (int i = 0; i < row.size(); i++) {
            var chunk = row.get(i);
            logits(chunk);
            loss(chunk);
            kernels.crossEntropy().backward(chunk.dLogits, chunk.logSumExp, chunk.logits, chunk.targets, scale);
            kernels.linear().backwardData(chunk.dHidden, chunk.dLogits, embedding);
            kernels.linear().backwardWeight(dEmbedding, Optional.empty(), chunk.dLogits, chunk.hidden);
        }
    }

    /// Takes logits `[rows, V]` of tokens `first … first + rows − 1`; valid during the call.
    interface LogitsConsumer {
        void accept(int first, int rows, Tensor logits);
    }

    void logits(LogitsConsumer consumer) {
        for (var chunk : chunks.get(0)) {
            logits(chunk);
            consumer.accept(chunk.first, chunk.rows, chunk.logits);
        }
    }

    private void logits(Chunk chunk) {
        kernels.linear().forward(chunk.logits, chunk.hidden, embedding, Optional.empty());
    }

    private void loss(Chunk chunk) {
        kernels.crossEntropy().forward(chunk.total, chunk.loss, chunk.logSumExp, chunk.logits, chunk.targets);
    }
}
