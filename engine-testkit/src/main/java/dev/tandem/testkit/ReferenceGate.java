package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Gate;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.Routing;
import dev.tandem.engine.kernel.SecondPolicy;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;

final class ReferenceGate implements Gate {
    /// Below this sum of probabilities weights are no longer normalised.
    private static final double FLOOR = 0x1p-23;

    private final ReferenceLinear linear = new ReferenceLinear();

    @Override
    public void forward(
            Routing routing,
            ExpertRows rows,
            ExpertLoad load,
            Tensor balanceLoss,
            Tensor probabilitiesTensor,
            Tensor logitsTensor,
            Optional<Tensor> padding,
            Optional<Tensor> noise,
            GateOptions options) {
        int N = Math.toIntExact(logitsTensor.shape().rows());
        int E = logitsTensor.shape().last();
        Values probabilities = Values.of(probabilitiesTensor);
        Values logits = Values.of(logitsTensor);
        softmax(probabilities, logits, N, E);
        choose(Integers.of(routing.expert()), logits, noise, options, N, E);
        int[] place = queue(routing, load, probabilities, padding, noise, options, N, E);
        serve(routing, rows, load, place, options, N, E);
        weigh(routing, probabilities, options, N, E);
        report(load, balanceLoss, probabilities, N, E);
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
        linear.forward(logits, x, gateWeight, gateBias);
        forward(routing, rows, load, balanceLoss, probabilities, logits, padding, noise, options);
    }

    private static void softmax(Values probabilities, Values logits, int N, int E) {
        for (int n = 0; n < N; n++) {
            double largest = Double.NEGATIVE_INFINITY;
            for (int e = 0; e < E; e++) {
                largest = Math.max(largest, logits.get(n * E + e));
            }
            double sum = 0;
            for (int e = 0; e < E; e++) {
                probabilities.set(n * E + e, Math.exp(logits.get(n * E + e) - largest));
                sum += probabilities.get(n * E + e);
            }
            for (int e = 0; e < E; e++) {
                probabilities.set(n * E + e, probabilities.get(n * E + e) / sum);
            }
        }
    }

    private static void choose(
            Integers expert, Values logits, Optional<Tensor> noise, GateOptions options, int N, int E) {
        boolean noisy = options.secondPolicy() == SecondPolicy.SAMPLING;
        Optional<Values> gumbel = noise.map(Values::of);
        for (int n = 0; n < N; n++) {
            boolean[] chosen = new boolean[E];
            for (int k = 0; k < options.K(); k++) {
                int best = -1;
                double largest = 0;
                for (int e = 0; e < E; e++) {
                    double score = logits.get(n * E + e)
                            + (noisy && k > 0 ? gumbel.orElseThrow().get(n * E + e) : 0);
                    if (!chosen[e] && (best < 0 || score > largest)) {
                        best = e;
                        largest = score;
                    }
                }
                chosen[best] = true;
                expert.set(n * options.K() + k, best);
            }
        }
    }

    /// Counts `load.queued` and returns each choice's place in its expert's queue, −1 where it does
    /// not queue.
    private static int[] queue(
            Routing routing,
            ExpertLoad load,
            Values probabilities,
            Optional<Tensor> padding,
            Optional<Tensor> noise,
            GateOptions options,
            int N,
            int E) {
        int K = options.K();
        Integers expert = Integers.of(routing.expert());
        Integers queued = Integers.of(load.queued());
        Optional<Integers> padded = padding.map(Integers::of);
        int[] length = new int[E];
        int[] place = new int[N * K];
        Arrays.fill(place, -1);
        for (int k = 0; k < K; k++) {
            for (int e = 0; e < E; e++) {
                queued.set(k * E + e, 0);
            }
            for (int n : order(probabilities, options, N, E)) {
                boolean queues = padded.isEmpty() || padded.get().get(n) == 0;
                if (k == 1 && options.secondPolicy() == SecondPolicy.RANDOM) {
                    double draw = Values.of(noise.orElseThrow()).get(n);
                    queues &= 2 * shareOfSecond(expert, probabilities, options, n, E) > draw;
                }
                if (queues) {
                    int e = expert.get(n * K + k);
                    place[n * K + k] = length[e]++;
                    queued.set(k * E + e, queued.get(k * E + e) + 1);
                }
            }
        }
        return place;
    }

    private static double shareOfSecond(Integers expert, Values probabilities, GateOptions options, int n, int E) {
        double first = probabilities.get(n * E + expert.get(2 * n));
        double second = probabilities.get(n * E + expert.get(2 * n + 1));
        return options.normalizeBeforeDropping() ? second / Math.max(first + second, FLOOR) : second;
    }

    private static int[] order(Values probabilities, GateOptions options, int N, int E) {
        if (!options.batchPrioritized()) {
            return IntStream.range(0, N).toArray();
        }
        double[] largest = new double[N];
        for (int i = 0; i < N * E; i++) {
            largest[i / E] = Math.max(largest[i / E], probabilities.get(i));
        }
        // boxed sorting is stable, so equal tokens keep their order
        return IntStream.range(0, N)
                .boxed()
                .sorted(Comparator.comparingDouble(n -> -largest[n]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /// Gives slots to whoever is early enough, and lays the expert rows out.
    private static void serve(
            Routing routing, ExpertRows rows, ExpertLoad load, int[] place, GateOptions options, int N, int E) {
        int K = options.K();
        int S = options.capacity().slots(N, E);
        Integers expert = Integers.of(routing.expert());
        Integers slot = Integers.of(routing.slot());
        Integers starts = Integers.of(rows.starts());
        Integers counts = Integers.of(rows.counts());
        Integers choiceOf = Integers.of(rows.choiceOf());
        Integers queued = Integers.of(load.queued());
        Integers dropped = Integers.of(load.dropped());
        int start = 0;
        for (int e = 0; e < E; e++) {
            int length = 0;
            for (int k = 0; k < K; k++) {
                int waiting = queued.get(k * E + e);
                int served = Math.max(0, Math.min(waiting, S - length));
                dropped.set(k * E + e, waiting - served);
                length += waiting;
            }
            counts.set(e, Math.min(length, S));
            starts.set(e, options.compact() ? start : e * S);
            start += counts.get(e);
        }
        for (int r = 0; r < choiceOf.size(); r++) {
            choiceOf.set(r, -1);
        }
        for (int choice = 0; choice < N * K; choice++) {
            slot.set(choice, place[choice] < S ? place[choice] : -1);
            if (slot.get(choice) >= 0) {
                choiceOf.set(starts.get(expert.get(choice)) + slot.get(choice), choice);
            }
        }
    }

    private static void weigh(Routing routing, Values probabilities, GateOptions options, int N, int E) {
        int K = options.K();
        Integers slot = Integers.of(routing.slot());
        Values weight = Values.of(routing.weight());
        for (int n = 0; n < N; n++) {
            double[] p = chosen(Integers.of(routing.expert()), probabilities, n, E, K);
            double sum = K == 1 ? 1 : Math.max(sum(p, slot, n, options), FLOOR);
            for (int k = 0; k < K; k++) {
                weight.set(n * K + k, slot.get(n * K + k) < 0 ? 0 : p[k] / sum);
            }
        }
    }

    private static double[] chosen(Integers expert, Values probabilities, int n, int E, int K) {
        double[] p = new double[K];
        for (int k = 0; k < K; k++) {
            p[k] = probabilities.get(n * E + expert.verified(n * K + k, 0, E - 1, "routing.expert"));
        }
        return p;
    }

    /// Sum of the probabilities that weights are shares of.
    private static double sum(double[] p, Integers slot, int n, GateOptions options) {
        double sum = 0;
        for (int k = 0; k < p.length; k++) {
            sum += options.normalizeBeforeDropping() || slot.get(n * p.length + k) >= 0 ? p[k] : 0;
        }
        return sum;
    }

    private static void report(ExpertLoad load, Tensor balanceLoss, Values probabilities, int N, int E) {
        Integers queued = Integers.of(load.queued());
        double entropy = 0;
        double balance = 0;
        for (int e = 0; e < E; e++) {
            double sum = 0;
            for (int n = 0; n < N; n++) {
                double p = probabilities.get(n * E + e);
                sum += p;
                entropy -= p > 0 ? p * Math.log(p) : 0;
            }
            balance += sum / N * queued.get(e) / N;
        }
        Values.of(load.entropy()).set(0, entropy / N);
        Values.of(balanceLoss).set(0, E * balance);
    }

    @Override
    public void backward(
            Tensor dLogitsTensor,
            Tensor dWeightTensor,
            Routing routing,
            ExpertLoad load,
            Tensor probabilitiesTensor,
            float dBalanceLoss,
            GateOptions options) {
        int N = Math.toIntExact(probabilitiesTensor.shape().rows());
        int E = probabilitiesTensor.shape().last();
        int K = options.K();
        Values dLogits = Values.of(dLogitsTensor);
        Values probabilities = Values.of(probabilitiesTensor);
        Integers expert = Integers.of(routing.expert());
        Integers queued = Integers.of(load.queued());
        for (int i = 0; i < N * K; i++) {
            expert.verified(i, 0, E - 1, "routing.expert");
        }
        for (int n = 0; n < N; n++) {
            double[] dp = new double[E];
            for (int e = 0; e < E; e++) {
                dp[e] = (double) dBalanceLoss * E * queued.get(e) / N / N;
            }
            double[] p = chosen(expert, probabilities, n, E, K);
            double[] dChosen = throughWeights(p, Values.of(dWeightTensor), routing, options, n);
            for (int k = 0; k < K; k++) {
                dp[expert.get(n * K + k)] += dChosen[k];
            }
            double mean = 0;
            for (int e = 0; e < E; e++) {
                mean += probabilities.get(n * E + e) * dp[e];
            }
            for (int e = 0; e < E; e++) {
                dLogits.set(n * E + e, probabilities.get(n * E + e) * (dp[e] - mean));
            }
        }
    }

    /// Gradients of the probabilities of one token's choices.
    private static double[] throughWeights(double[] p, Values dWeight, Routing routing, GateOptions options, int n) {
        int K = p.length;
        Integers slot = Integers.of(routing.slot());
        double sum = sum(p, slot, n, options);
        double mean = 0;
        double[] g = new double[K];
        for (int k = 0; k < K; k++) {
            g[k] = slot.get(n * K + k) < 0 ? 0 : dWeight.get(n * K + k);
            mean += g[k] * p[k] / Math.max(sum, FLOOR);
        }
        for (int k = 0; k < K && K > 1; k++) {
            boolean counts = options.normalizeBeforeDropping() || slot.get(n * K + k) >= 0;
            double share = sum < FLOOR ? 0 : mean;
            g[k] = counts ? (g[k] - share) / Math.max(sum, FLOOR) : 0;
        }
        return g;
    }
}
