package dev.tandem.gpt;

import java.util.Arrays;
import java.util.SplittableRandom;

/// Picks the next token from its logits, on the host.
///
///     p = softmax(logits / temperature), cut to the topK largest, cut to the fewest whose sum
///     reaches topP, drawn from what is left
///
/// Greedy takes the largest logit; the lowest id wins a tie. The draws follow from the seed alone.
/// Not safe for use by several threads at once.
public final class Sampler {
    private static final double GREEDY = 0;

    private final double temperature;
    private final int topK;
    private final double topP;
    private final SplittableRandom random;
    private long[] ranked = new long[0];

    private Sampler(double temperature, int topK, double topP, long seed) {
        this.temperature = temperature;
        this.topK = topK;
        this.topP = topP;
        this.random = new SplittableRandom(seed);
    }

    /// The most probable token, always.
    public static Sampler greedy() {
        return new Sampler(GREEDY, 1, 1, 0);
    }

    /// Draws from the tempered distribution.
    ///
    /// @param temperature above 0; 1 leaves the distribution as it is
    public static Sampler of(double temperature, long seed) {
        return of(temperature, Integer.MAX_VALUE, 1, seed);
    }

    /// Draws from the tempered distribution cut to `topK` tokens and to probability `topP`.
    ///
    /// @param temperature above 0; 1 leaves the distribution as it is
    /// @param topK at least 1; `Integer.MAX_VALUE` cuts nothing
    /// @param topP in (0, 1]; 1 cuts nothing
    /// @throws IllegalArgumentException if an argument is out of its range
    public static Sampler of(double temperature, int topK, double topP, long seed) {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("temperature must be finite and above 0, was " + temperature
                    + "; use Sampler.greedy() for the most probable token");
        }
        if (topK < 1) {
            throw new IllegalArgumentException("topK must be at least 1, was " + topK);
        }
        if (!(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException("topP must be in (0, 1], was " + topP);
        }
        return new Sampler(temperature, topK, topP, seed);
    }

    /// Picks a token id from the first `V` of `logits`.
    ///
    /// @throws IllegalArgumentException if there is no logit or one of them is NaN
    public int pick(float[] logits, int V) {
        if (V < 1 || V > logits.length) {
            throw new IllegalArgumentException("V must be in 1.." + logits.length + ", was " + V);
        }
        if (temperature == GREEDY) {
            return largest(logits, V);
        }
        rank(logits, V);
        int kept = Math.min(topK, V);
        double top = logits[id(0)];
        double total = 0;
        for (int rank = 0; rank < kept; rank++) {
            total += Math.exp((logits[id(rank)] - top) / temperature);
        }
        return draw(logits, kept, top, total);
    }

    private int draw(float[] logits, int kept, double top, double total) {
        double limit = topP * total;
        double mass = 0;
        int last = 0;
        while (last < kept && mass < limit) {
            mass += Math.exp((logits[id(last)] - top) / temperature);
            last++;
        }
        double target = random.nextDouble() * mass;
        double sum = 0;
        for (int rank = 0; rank < last; rank++) {
            sum += Math.exp((logits[id(rank)] - top) / temperature);
            if (target < sum) {
                return id(rank);
            }
        }
        return id(last - 1);
    }

    private static int largest(float[] logits, int V) {
        int best = 0;
        for (int v = 0; v < V; v++) {
            if (Float.isNaN(logits[v])) {
                throw nan(v);
            }
            if (logits[v] > logits[best]) {
                best = v;
            }
        }
        return best;
    }

    private static IllegalArgumentException nan(int v) {
        return new IllegalArgumentException(
                "logit " + v + " is NaN: the model has diverged; lower the learning rate or load a checkpoint");
    }

    private int id(int rank) {
        return (int) ranked[rank];
    }

    /// Sorts by falling logit, then by rising id.
    private void rank(float[] logits, int V) {
        if (ranked.length != V) {
            ranked = new long[V];
        }
        for (int v = 0; v < V; v++) {
            if (Float.isNaN(logits[v])) {
                throw nan(v);
            }
            int bits = Float.floatToIntBits(logits[v] + 0f); // + 0 turns -0 into 0, which is equal to it
            int rising = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
            ranked[v] = ((long) ~rising << 32) | v;
        }
        Arrays.sort(ranked);
    }
}
