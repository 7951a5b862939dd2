package dev.tandem.bench.peer;

import dev.tandem.bench.machine.Cost;
import java.util.List;
import java.util.SplittableRandom;

/// A kernel of the model that is no product of matrices, with all its gradients.
sealed interface LayerQuestion extends Question {
    /// Of operands.
    long SEED = 7;

    /// Causal attention of queries, keys and values side by side, `[B, T, 3C]`.
    record Attention(int B, int T, int C, int H, boolean backward) implements LayerQuestion {
        /// `[B, T, 3C]`
        float[] qkv() {
            return Values.random(B * T * 3 * C, 1, SEED);
        }

        /// `[B, T, C]`
        float[] dy() {
            return Values.random(B * T * C, 1, SEED + 1);
        }

        @Override
        public String name() {
            return backward ? "Attention.forwardBackward" : "Attention.forward";
        }

        @Override
        public String details() {
            return "%dx%dx%dx%d".formatted(B, T, C, H);
        }

        @Override
        public Cost cost() {
            double product = (double) B * T * T * C; // the half that is not masked
            double bytes = (double) B * T * C * Float.BYTES;
            var forward = new Cost(2 * product, 3 * bytes, bytes, 0);
            return backward ? forward.plus(new Cost(5 * product, 5 * bytes, 3 * bytes, 0)) : forward;
        }

        @Override
        public int terms() {
            return C * T;
        }

        @Override
        public List<Entrant> entrants() {
            return List.of(
                    Entrant.tandem(setting -> new TandemAttention(setting, this)),
                    Torch.entrant("", setting -> new TorchAttention(setting, this)));
        }
    }

    /// Normalization of rows.
    record LayerNorm(int N, int C, boolean backward) implements LayerQuestion {
        static final double EPSILON = 1e-5;

        float[] x() {
            return Values.random(N * C, 1, SEED);
        }

        float[] dy() {
            return Values.random(N * C, 1, SEED + 1);
        }

        float[] gain() {
            return Values.random(C, 1, SEED + 2);
        }

        float[] bias() {
            return Values.random(C, 1, SEED + 3);
        }

        @Override
        public String name() {
            return backward ? "LayerNorm.forwardBackward" : "LayerNorm.forward";
        }

        @Override
        public String details() {
            return "%dx%d".formatted(N, C);
        }

        @Override
        public Cost cost() {
            double elements = (double) N * C;
            double bytes = elements * Float.BYTES;
            var forward = new Cost(7 * elements, bytes, bytes, 0);
            return backward ? forward.plus(new Cost(14 * elements, 2 * bytes, bytes, 0)) : forward;
        }

        @Override
        public int terms() {
            return N * C;
        }

        @Override
        public List<Entrant> entrants() {
            return List.of(
                    Entrant.tandem(setting -> new TandemLayerNorm(setting, this)),
                    Torch.entrant("", setting -> new TorchLayerNorm(setting, this)));
        }
    }

    /// Mean loss over the vocabulary, and the gradient of the logits.
    record CrossEntropy(int N, int V) implements LayerQuestion {
        /// Rows of the gradient that are compared; all would be hundreds of megabytes.
        static final int CHECKED_ROWS = 16;

        float[] logits() {
            return Values.random(N * V, 1, SEED);
        }

        int[] targets() {
            return new SplittableRandom(SEED).ints(N, 0, V).toArray();
        }

        @Override
        public String name() {
            return "CrossEntropy.forwardBackward";
        }

        @Override
        public String details() {
            return "%dx%d".formatted(N, V);
        }

        @Override
        public Cost cost() {
            double elements = (double) N * V;
            double bytes = elements * Float.BYTES;
            return new Cost(6 * elements, 2 * bytes, bytes, 0);
        }

        @Override
        public int terms() {
            return V;
        }

        @Override
        public List<Entrant> entrants() {
            return List.of(
                    Entrant.tandem(setting -> new TandemCrossEntropy(setting, this)),
                    Torch.entrant("", setting -> new TorchCrossEntropy(setting, this)));
        }
    }
}
