package dev.tandem.testkit.contract;

import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.SecondPolicy;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Random operands of a gate whose every decision F32 takes as F64 does: no two scores, and no two
/// probabilities that decide, lie closer than rounding could move them – unless they are exactly
/// equal, where the tie rule decides.
final class GateInputs {
    private static final double MARGIN = 1e-5;
    private static final int ATTEMPTS = 1000;

    private final float[] logits;
    private final float[] noise;
    private final int[] padding;

    private GateInputs(float[] logits, float[] noise, int[] padding) {
        this.logits = logits;
        this.noise = noise;
        this.padding = padding;
    }

    /// Draws until every margin is safe.
    ///
    /// @param step grid on which logits lie, so that ties are frequent; 0 for none
    static GateInputs random(int N, int E, GateOptions options, double step, boolean padded, long seed) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            var random = RandomGeneratorFactory.of("SplittableRandom").create(seed + attempt * 7919L);
            GateInputs inputs = draw(N, E, options, step, padded, random);
            if (inputs.isSafe(N, E, options)) {
                return inputs;
            }
        }
        throw new IllegalStateException("no safe logits found for N=%d E=%d %s".formatted(N, E, options));
    }

    private static GateInputs draw(
            int N, int E, GateOptions options, double step, boolean padded, RandomGenerator random) {
        float[] logits = new float[N * E];
        for (int i = 0; i < logits.length; i++) {
            double logit = random.nextGaussian() + (i % E < Math.max(1, E / 4) ? 1 : 0);
            logits[i] = (float) (step > 0 ? Math.round(logit / step) * step : logit);
        }
        float[] noise = switch (options.secondPolicy()) {
            case ALL -> new float[0];
            case SAMPLING -> new float[N * E];
            case RANDOM -> new float[N];
        };
        for (int i = 0; i < noise.length; i++) {
            double uniform = random.nextInt(1 << 24) * 0x1p-24;
            noise[i] = (float)
                    (options.secondPolicy() == SecondPolicy.RANDOM ? uniform : -Math.log(-Math.log(uniform + 0x1p-25)));
        }
        int[] padding = new int[padded ? N : 0];
        for (int n = 0; n < padding.length; n++) {
            padding[n] = random.nextInt(4) == 0 ? 1 + random.nextInt(3) : 0;
        }
        return new GateInputs(logits, noise, padding);
    }

    /// The same noise and padding with other logits, safe or not.
    GateInputs withLogits(float... others) {
        return new GateInputs(others.clone(), noise, padding);
    }

    float[] logits() {
        return logits.clone();
    }

    float[] noise() {
        return noise.clone();
    }

    int[] padding() {
        return padding.clone();
    }

    private boolean isSafe(int N, int E, GateOptions options) {
        double[] largest = new double[N];
        for (int n = 0; n < N; n++) {
            double[] p = softmax(n, E);
            double[] sorted = p.clone();
            Arrays.sort(sorted);
            largest[n] = sorted[E - 1];
            if (options.secondPolicy() == SecondPolicy.SAMPLING && !scoresApart(n, E)) {
                return false;
            }
            if (options.secondPolicy() == SecondPolicy.RANDOM) {
                double first = sorted[E - 1];
                double second = sorted[E - 2];
                double share = options.normalizeBeforeDropping() ? second / (first + second) : second;
                if (Math.abs(2 * share - noise[n]) < MARGIN) {
                    return false;
                }
            }
        }
        return !options.batchPrioritized() || apart(largest);
    }

    private double[] softmax(int n, int E) {
        double sum = 0;
        double[] p = new double[E];
        for (int e = 0; e < E; e++) {
            p[e] = Math.exp(logits[n * E + e]);
            sum += p[e];
        }
        for (int e = 0; e < E; e++) {
            p[e] /= sum;
        }
        return p;
    }

    private boolean scoresApart(int n, int E) {
        double[] scores = new double[E];
        Arrays.setAll(scores, e -> (double) logits[n * E + e] + noise[n * E + e]);
        return apart(scores);
    }

    /// Whether no two values are close without being the same.
    private static boolean apart(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        for (int i = 1; i < sorted.length; i++) {
            double gap = sorted[i] - sorted[i - 1];
            if (gap > 0 && gap < MARGIN * 0.01) {
                return false;
            }
        }
        return true;
    }
}
