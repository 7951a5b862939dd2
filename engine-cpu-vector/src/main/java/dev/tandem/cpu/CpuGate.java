package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Gate;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.Routing;
import dev.tandem.engine.kernel.SecondPolicy;
import java.util.Optional;

/// The gate: logits, softmax and choice in parallel over blocks of tokens, then the queues, then
/// weights and rows in parallel again.
final class CpuGate implements Gate {
    /// Smallest denominator of the weights.
    static final float FLOOR = 0x1p-23f;

    private static final int TOKENS = 64;
    // With fewer, some thread would have more of the product than another.
    private static final int MANY_BLOCKS_PER_THREAD = 4;

    private final Workers workers;
    private final Workspace scratch;
    private final GateQueue queue = new GateQueue();
    private final GateBackward backward;
    private final CpuLinear linear;
    private final LayerProducts layer;
    private final Workers.Task choose = this::chooseBlock;
    private final Workers.Task weigh = this::weighBlock;

    private int N;
    private int E;
    private int K;
    private boolean sampling;
    private boolean normalizeBefore;
    private boolean multiplies;
    private long expert;
    private long slot;
    private long weight;
    private long probabilities;
    private long logits;
    private long noise;
    private long starts;
    private long choiceOf;
    private long means;
    private long entropies;

    CpuGate(Workers workers, Workspace scratch, CpuLinear linear, HeldMemory held) {
        this.workers = workers;
        this.scratch = scratch;
        this.linear = linear;
        layer = new LayerProducts(workers, held);
        this.backward = new GateBackward(workers, scratch);
    }

    @Override
    public void forward(
            Routing routing,
            ExpertRows rows,
            ExpertLoad load,
            Tensor balanceLoss,
            Tensor probabilities,
            Tensor logits,
            Optional<Tensor> padding,
            Optional<Tensor> noise,
            GateOptions options) {
        multiplies = false;
        route(routing, rows, load, balanceLoss, probabilities, logits, padding, noise, options);
    }

    @Override
    public void forwardLinear(
            Routing routing,
            ExpertRows rows,
            ExpertLoad load,
            Tensor balanceLoss,
            Tensor probabilities,
            Tensor logits,
            Tensor x,
            Optional<Tensor> padding,
            Optional<Tensor> noise,
            Tensor gateWeight,
            Optional<Tensor> gateBias,
            GateOptions options) {
        int blocks = Math.ceilDiv((int) x.shape().rows(), TOKENS);
        multiplies = blocks % workers.threads() == 0 || blocks >= MANY_BLOCKS_PER_THREAD * workers.threads();
        if (multiplies) {
            layer.operands(logits, x, gateWeight, gateBias);
        } else {
            linear.forward(logits, x, gateWeight, gateBias);
        }
        route(routing, rows, load, balanceLoss, probabilities, logits, padding, noise, options);
    }

    private void route(
            Routing routing,
            ExpertRows rows,
            ExpertLoad load,
            Tensor balanceLoss,
            Tensor probabilities,
            Tensor logits,
            Optional<Tensor> padding,
            Optional<Tensor> noise,
            GateOptions options) {
        N = (int) logits.shape().rows();
        E = logits.shape().last();
        K = options.K();
        sampling = options.secondPolicy() == SecondPolicy.SAMPLING;
        normalizeBefore = options.normalizeBeforeDropping();
        expert = CpuStorage.address(routing.expert());
        slot = CpuStorage.address(routing.slot());
        weight = CpuStorage.address(routing.weight());
        this.probabilities = CpuStorage.address(probabilities);
        this.logits = CpuStorage.address(logits);
        this.noise = CpuStorage.address(noise);
        starts = CpuStorage.address(rows.starts());
        choiceOf = CpuStorage.address(rows.choiceOf());
        layScratch(options);

        int blocks = Math.ceilDiv(N, TOKENS);
        workers.run(blocks, choose);
        fillQueue(load, padding, options);
        queue.run(options);
        balance(balanceLoss, load, blocks);
        layRows(rows, options);
        workers.run(blocks, weigh);
    }

    @Override
    public void backward(
            Tensor dLogits,
            Tensor dWeight,
            Routing routing,
            ExpertLoad load,
            Tensor probabilities,
            float dBalanceLoss,
            GateOptions options) {
        backward.run(dLogits, dWeight, routing, load, probabilities, dBalanceLoss, options);
    }

    private void layScratch(GateOptions options) {
        long blocks = Math.ceilDiv(N, TOKENS);
        long lengthBytes = Workspace.aligned((long) E * Integer.BYTES);
        long meanBytes = Workspace.aligned(blocks * E * Float.BYTES);
        long entropyBytes = Workspace.aligned(blocks * Double.BYTES);
        long orderBytes = options.batchPrioritized() ? GateQueue.orderBytes(N) : 0;
        queue.lengths = scratch.address(lengthBytes + meanBytes + entropyBytes + orderBytes);
        means = queue.lengths + lengthBytes;
        entropies = means + meanBytes;
        queue.order = entropies + entropyBytes;
    }

    private void fillQueue(ExpertLoad load, Optional<Tensor> padding, GateOptions options) {
        queue.N = N;
        queue.E = E;
        queue.K = K;
        queue.S = options.capacity().slots(N, E);
        queue.expert = expert;
        queue.slot = slot;
        queue.probabilities = probabilities;
        queue.queued = CpuStorage.address(load.queued());
        queue.dropped = CpuStorage.address(load.dropped());
        queue.padding = CpuStorage.address(padding);
        queue.draws = noise;
    }

    private void chooseBlock(int block, int worker) {
        int first = block * TOKENS;
        int last = Math.min(N, first + TOKENS);
        if (multiplies) {
            // In one chunk: nobody comes back to the rows that were packed
            layer.forward(worker, block, first, last - first, LayerProducts.ONLY, 0, 1, false);
        }
        long rowBytes = (long) E * Float.BYTES;
        long contest = workers.workspace(worker).address(rowBytes);
        long mean = means + block * rowBytes;
        Lanes.fill(mean, rowBytes, (byte) 0);
        double entropy = 0;
        for (int n = first; n < last; n++) {
            long logit = logits + n * rowBytes;
            long p = probabilities + n * rowBytes;
            float max = Rows.max(logit, E);
            float sum = Rows.exponentials(p, logit, max, E);
            Rows.scale(p, p, (float) (1 / (double) sum), E);
            Rows.add(mean, p, E);
            entropy += StrictMath.log(sum) - Rows.weightedDistance(p, logit, max, E);
            chooseExperts(n, contest, logit, rowBytes);
        }
        Lanes.setLong(entropies + (long) block * Double.BYTES, Double.doubleToRawLongBits(entropy));
    }

    private void chooseExperts(int n, long contest, long logit, long rowBytes) {
        Lanes.copy(logit, contest, rowBytes);
        for (int k = 0; k < K; k++) {
            float best = Rows.max(contest, E);
            int e = best > Float.NEGATIVE_INFINITY ? Rows.indexOf(contest, best, E) : bestUnchosen(n, k, contest);
            Lanes.setInt(expert + (n * (long) K + k) * Integer.BYTES, e);
            if (k == 0 && sampling) {
                Rows.sum(contest, logit, noise + n * rowBytes, E);
            }
            Lanes.set(contest + (long) e * Float.BYTES, Float.NEGATIVE_INFINITY);
        }
    }

    /// The choice where nothing but minus infinity is left, or a logit is NaN: still a valid expert.
    private int bestUnchosen(int n, int k, long contest) {
        int best = -1;
        for (int e = 0; e < E; e++) {
            if (!chosen(n, k, e) && (best < 0 || value(contest, e) > value(contest, best))) {
                best = e;
            }
        }
        return best;
    }

    private boolean chosen(int n, int before, int e) {
        for (int k = 0; k < before; k++) {
            if (Lanes.getInt(expert + (n * (long) K + k) * Integer.BYTES) == e) {
                return true;
            }
        }
        return false;
    }

    private static float value(long base, int i) {
        return Lanes.get(base + (long) i * Float.BYTES);
    }

    private void balance(Tensor balanceLoss, ExpertLoad load, int blocks) {
        double loss = 0;
        for (int e = 0; e < E; e++) {
            double mean = 0;
            for (int block = 0; block < blocks; block++) {
                mean += Lanes.get(means + ((long) block * E + e) * Float.BYTES);
            }
            loss += mean / N * Lanes.getInt(queue.queued + (long) e * Integer.BYTES) / N;
        }
        Lanes.set(CpuStorage.address(balanceLoss), (float) (E * loss));
        double entropy = 0;
        for (int block = 0; block < blocks; block++) {
            entropy += Double.longBitsToDouble(Lanes.getLong(entropies + (long) block * Double.BYTES));
        }
        Lanes.set(CpuStorage.address(load.entropy()), (float) (entropy / N));
    }

    private void layRows(ExpertRows rows, GateOptions options) {
        long counts = CpuStorage.address(rows.counts());
        int next = 0;
        for (int e = 0; e < E; e++) {
            int count = Lanes.getInt(queue.lengths + (long) e * Integer.BYTES);
            Lanes.setInt(counts + (long) e * Integer.BYTES, count);
            Lanes.setInt(starts + (long) e * Integer.BYTES, options.compact() ? next : e * queue.S);
            next += count;
        }
        Lanes.fill(choiceOf, rows.choiceOf().shape().elements() * Integer.BYTES, (byte) -1);
    }

    private void weighBlock(int block, int worker) {
        int last = Math.min(N, (block + 1) * TOKENS);
        for (int n = block * TOKENS; n < last; n++) {
            float sum = 0;
            for (int k = 0; k < K; k++) {
                int place = Lanes.getInt(slot + (n * (long) K + k) * Integer.BYTES);
                if (normalizeBefore || place >= 0) {
                    sum += probability(n, k);
                }
            }
            float denominator = K == 1 ? 1 : Math.max(sum, FLOOR);
            for (int k = 0; k < K; k++) {
                serve(n, k, denominator);
            }
        }
    }

    private void serve(int n, int k, float denominator) {
        long choice = n * (long) K + k;
        int place = Lanes.getInt(slot + choice * Integer.BYTES);
        Lanes.set(weight + choice * Float.BYTES, place >= 0 ? probability(n, k) / denominator : 0);
        if (place >= 0) {
            int e = Lanes.getInt(expert + choice * Integer.BYTES);
            int row = Lanes.getInt(starts + (long) e * Integer.BYTES) + place;
            Lanes.setInt(choiceOf + (long) row * Integer.BYTES, (int) choice);
        }
    }

    private float probability(int n, int k) {
        int e = Lanes.getInt(expert + (n * (long) K + k) * Integer.BYTES);
        return Lanes.get(probabilities + ((long) n * E + e) * Float.BYTES);
    }
}
