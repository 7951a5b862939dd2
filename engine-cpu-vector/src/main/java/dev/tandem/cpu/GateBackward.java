package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.Routing;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/// Gradient of the logits: a part that every token shares, from the balance loss, and K entries of its own.
final class GateBackward {
    private static final int TOKENS = 64;

    private final Workers workers;
    private final Workspace scratch;
    private final Workers.Task task = this::block;

    private int N;
    private int E;
    private int K;
    private boolean normalizeBefore;
    private long dLogits;
    private long dWeight;
    private long expert;
    private long slot;
    private long weight;
    private long probabilities;
    private long shared;

    GateBackward(Workers workers, Workspace scratch) {
        this.workers = workers;
        this.scratch = scratch;
    }

    void run(
            Tensor dLogits,
            Tensor dWeight,
            Routing routing,
            ExpertLoad load,
            Tensor probabilities,
            float dBalanceLoss,
            GateOptions options) {
        N = (int) probabilities.shape().rows();
        E = probabilities.shape().last();
        K = options.K();
        normalizeBefore = options.normalizeBeforeDropping();
        this.dLogits = CpuStorage.address(dLogits);
        this.dWeight = CpuStorage.address(dWeight);
        this.probabilities = CpuStorage.address(probabilities);
        expert = CpuStorage.address(routing.expert());
        slot = CpuStorage.address(routing.slot());
        weight = CpuStorage.address(routing.weight());
        verify();
        shared = scratch.address((long) E * Float.BYTES);
        long queued = CpuStorage.address(load.queued());
        double factor = (double) dBalanceLoss * E / N / N;
        for (int e = 0; e < E; e++) {
            double share = factor * Lanes.getInt(queued + (long) e * Integer.BYTES);
            Lanes.set(shared + (long) e * Float.BYTES, (float) share);
        }
        workers.run(Math.ceilDiv(N, TOKENS), task);
    }

    private void verify() {
        for (int choice = 0; choice < N * K; choice++) {
            int e = expert(choice);
            if (e < 0 || e >= E) {
                throw new IllegalArgumentException("Gate: routing.expert[%d, %d] must be in 0..%d, was %d"
                        .formatted(choice / K, choice % K, E - 1, e));
            }
        }
    }

    private int expert(int choice) {
        return Lanes.getInt(expert + (long) choice * Integer.BYTES);
    }

    private boolean kept(int choice) {
        return Lanes.getInt(slot + (long) choice * Integer.BYTES) >= 0;
    }

    private float upstream(int choice) {
        return kept(choice) ? Lanes.get(dWeight + (long) choice * Float.BYTES) : 0;
    }

    private void block(int block, int worker) {
        long own = workers.workspace(worker).address((long) K * Float.BYTES);
        int last = Math.min(N, (block + 1) * TOKENS);
        for (int n = block * TOKENS; n < last; n++) {
            long p = probabilities + (long) n * E * Float.BYTES;
            ownGradients(n, own, p);
            double inner = Rows.dot(p, shared, E);
            for (int k = 0; k < K; k++) {
                inner += (double) Lanes.get(own + (long) k * Float.BYTES) * probability(p, n * K + k);
            }
            long row = dLogits + (long) n * E * Float.BYTES;
            spread(row, p, shared, (float) inner, E);
            for (int k = 0; k < K; k++) {
                int choice = n * K + k;
                long entry = row + (long) expert(choice) * Float.BYTES;
                float part = Lanes.get(own + (long) k * Float.BYTES) * probability(p, choice);
                Lanes.set(entry, Lanes.get(entry) + part);
            }
        }
    }

    private float probability(long p, int choice) {
        return Lanes.get(p + (long) expert(choice) * Float.BYTES);
    }

    /// The gradient by the probabilities of the chosen experts, through the weights.
    private void ownGradients(int n, long own, long p) {
        float sum = 0;
        float weighted = 0;
        for (int k = 0; k < K; k++) {
            int choice = n * K + k;
            if (normalizeBefore || kept(choice)) {
                sum += probability(p, choice);
            }
            weighted += upstream(choice) * Lanes.get(weight + (long) choice * Float.BYTES);
        }
        // Under the floor the denominator is a constant.
        boolean floored = sum < CpuGate.FLOOR;
        // Normalised before dropping, a weight is a share of the sum over all choices, kept or not.
        for (int k = 0; k < K; k++) {
            int choice = n * K + k;
            float gradient = 0;
            if (normalizeBefore || kept(choice)) {
                gradient = floored ? upstream(choice) / CpuGate.FLOOR : (upstream(choice) - weighted) / sum;
            }
            Lanes.set(own + (long) k * Float.BYTES, K == 1 ? upstream(choice) : gradient);
        }
    }

    /// `y = p * (shared - inner)`.
    private static void spread(long y, long p, long shared, float inner, int E) {
        int e = 0;
        for (int bound = Lanes.F32.loopBound(E); e < bound; e += Lanes.LENGTH) {
            long at = (long) e * Float.BYTES;
            FloatVector distance = Lanes.load(shared + at).sub(inner);
            Lanes.store(distance.mul(Lanes.load(p + at)), y + at);
        }
        if (e < E) {
            VectorMask<Float> tail = Lanes.tail(e, E);
            long at = (long) e * Float.BYTES;
            FloatVector distance = Lanes.load(shared + at, tail).sub(inner);
            Lanes.store(distance.mul(Lanes.load(p + at, tail)), y + at, tail);
        }
    }
}
