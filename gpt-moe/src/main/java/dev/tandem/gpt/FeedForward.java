package dev.tandem.gpt;

import dev.tandem.engine.kernel.GateOptions;

/// The feed-forward part of a model's blocks.
public sealed interface FeedForward {
    /// Feed-forward width, of one expert where there are experts.
    int F();

    /// Two linear layers `C → F → C` with a GELU between.
    ///
    /// @param F width, at least 1
    record Dense(int F) implements FeedForward {
        /// Refuses a width below 1.
        public Dense {
            requireWidth(F);
        }
    }

    /// Experts in every `every`-th block, [Dense] layers of the same width in the others.
    ///
    /// Block `i`, from 0, holds experts where `(i + 1) mod every = 0`.
    ///
    /// @param F width of one expert, at least 1
    /// @param E experts, at least 2
    /// @param every distance of the blocks with experts, at least 1
    /// @param gate rules of the gate in training; evaluation and decoding use [GateOptions#dropless]
    /// @param maskPadding whether padding tokens stay out of the experts
    /// @param balanceLoss its part in the objective
    record Experts(int F, int E, int every, GateOptions gate, boolean maskPadding, BalanceLoss balanceLoss)
            implements FeedForward {
        /// Refuses sizes that no gate can serve.
        public Experts {
            requireWidth(F);
            if (E < 2) {
                throw new IllegalArgumentException("E must be at least 2, was " + E + "; use Dense for one expert");
            }
            if (gate.K() > E) {
                throw new IllegalArgumentException("K must be in 1..E=" + E + ", was " + gate.K());
            }
            if (every < 1) {
                throw new IllegalArgumentException("experts in every n-th block need n of at least 1, was " + every);
            }
        }

        /// The paper's: top-2 with capacity factor 2 in every second block, balance loss 0.01.
        public static Experts paper(int F, int E) {
            return new Experts(F, E, 2, GateOptions.training(2), true, BalanceLoss.paper());
        }

        /// Experts per token.
        public int K() {
            return gate.K();
        }

        /// These experts behind another gate.
        public Experts withGate(GateOptions changed) {
            return new Experts(F, E, every, changed, maskPadding, balanceLoss);
        }

        /// These experts in every `changed`-th block.
        public Experts withEvery(int changed) {
            return new Experts(F, E, changed, gate, maskPadding, balanceLoss);
        }

        /// These experts with another balance loss.
        public Experts withBalanceLoss(BalanceLoss changed) {
            return new Experts(F, E, every, gate, maskPadding, changed);
        }
    }

    private static void requireWidth(int F) {
        if (F < 1) {
            throw new IllegalArgumentException("F must be at least 1, was " + F);
        }
    }
}
