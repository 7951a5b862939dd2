package dev.tandem.gpt;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Token ids and targets on their way to the device, checked and counted.
final class Inputs {
    private static final int NOT_SCORED = -1;

    private final Backend backend;
    private final int padding;
    private final int microBatchTokens;
    private final Tensor idTensor;
    private final Tensor targetTensor;
    private final Optional<Tensor> paddingTensor;
    private final List<Optional<Tensor>> masks = new ArrayList<>();
    private final int[] ids;
    private final int[] targets;
    private final int[] mask;
    private final MemorySegment idSegment;
    private final MemorySegment targetSegment;
    private final MemorySegment maskSegment;
    private final int[] scored;
    private final boolean[] padded;

    Inputs(Backend backend, Network network) {
        Plan plan = network.plan();
        this.backend = backend;
        this.padding = plan.config().padding().orElse(NOT_SCORED);
        this.microBatchTokens = plan.N();
        this.idTensor = network.tensor("ids");
        this.targetTensor = network.tensor("targets");
        this.paddingTensor = padding >= 0 ? Optional.of(network.tensor("padding")) : Optional.empty();
        for (int micro = 0; micro < plan.microBatches(); micro++) {
            int first = micro * plan.B();
            masks.add(paddingTensor.map(tensor -> tensor.slice(first, plan.B())));
        }
        int tokens = plan.microBatches() * plan.N();
        this.ids = new int[tokens];
        this.targets = new int[tokens];
        this.mask = new int[padding >= 0 ? tokens : 0];
        this.idSegment = MemorySegment.ofArray(ids);
        this.targetSegment = MemorySegment.ofArray(targets);
        this.maskSegment = MemorySegment.ofArray(mask);
        this.scored = new int[plan.microBatches()];
        this.padded = new boolean[plan.microBatches()];
    }

    /// Uploads ids without targets.
    void upload(int[] tokens) {
        requireLength("ids", tokens);
        System.arraycopy(tokens, 0, ids, 0, ids.length);
        backend.upload(idTensor, idSegment);
        findPadding();
    }

    /// Uploads ids and targets; a target that is the padding id, or −1, is not scored.
    ///
    /// @return the number of scored targets
    int upload(int[] tokens, int[] next) {
        requireLength("targets", next);
        upload(tokens);
        int total = 0;
        for (int micro = 0; micro < scored.length; micro++) {
            int count = 0;
            for (int n = micro * microBatchTokens; n < (micro + 1) * microBatchTokens; n++) {
                boolean counts = next[n] != NOT_SCORED && next[n] != padding;
                targets[n] = counts ? next[n] : NOT_SCORED;
                count += counts ? 1 : 0;
            }
            scored[micro] = count;
            total += count;
        }
        backend.upload(targetTensor, targetSegment);
        return total;
    }

    private void requireLength(String what, int[] given) {
        if (given.length != ids.length) {
            throw new IllegalArgumentException(
                    what + " must hold " + ids.length + " tokens as planned, held " + given.length);
        }
    }

    private void findPadding() {
        if (paddingTensor.isEmpty()) {
            return;
        }
        for (int micro = 0; micro < padded.length; micro++) {
            boolean any = false;
            for (int n = micro * microBatchTokens; n < (micro + 1) * microBatchTokens; n++) {
                mask[n] = ids[n] == padding ? 1 : 0;
                any |= ids[n] == padding;
            }
            padded[micro] = any;
        }
        backend.upload(paddingTensor.get(), maskSegment);
    }

    /// Scored targets of a micro-batch.
    int scored(int microBatch) {
        return scored[microBatch];
    }

    /// Padding mask `[B, T]` of a micro-batch, empty where it holds no padding.
    Optional<Tensor> padding(int microBatch) {
        return padded[microBatch] ? masks.get(microBatch) : Optional.empty();
    }
}
