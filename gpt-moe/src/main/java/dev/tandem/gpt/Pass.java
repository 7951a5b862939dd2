package dev.tandem.gpt;

import dev.tandem.engine.Tensor;
import java.util.Optional;

/// What changes from one micro-batch to the next; one object per plan, reused.
final class Pass {
    // apart from the streams that initialization counts up from 0, in case the seeds are equal
    private static final long FIRST_STREAM = 1L << 62;
    private static final int SITES_PER_BLOCK = 4;

    private final int sites;
    private final long seed;
    private final float dropout;

    /// Number of the micro-batch within its update.
    int microBatch;
    /// Its padding mask, if it holds padding.
    Optional<Tensor> padding = Optional.empty();
    /// Weight of one block's balance loss in the objective.
    float balanceWeight;

    private long stream = FIRST_STREAM;

    Pass(GptConfig config, boolean training, long seed) {
        this.sites = 1 + SITES_PER_BLOCK * config.L();
        this.seed = seed;
        this.dropout = training ? (float) config.dropout() : 0;
    }

    /// Moves to a micro-batch whose random numbers no other one shares.
    void begin(long update, int microBatches, int number) {
        microBatch = number;
        stream = FIRST_STREAM + (update * microBatches + number) * sites;
    }

    long seed() {
        return seed;
    }

    float dropout() {
        return dropout;
    }

    boolean drops() {
        return dropout > 0;
    }

    long embeddingStream() {
        return stream;
    }

    long probabilityStream(int block) {
        return blockStream(block, 0);
    }

    long attentionStream(int block) {
        return blockStream(block, 1);
    }

    long feedForwardStream(int block) {
        return blockStream(block, 2);
    }

    long gateStream(int block) {
        return blockStream(block, 3);
    }

    private long blockStream(int block, int site) {
        return stream + 1 + (long) SITES_PER_BLOCK * block + site;
    }
}
