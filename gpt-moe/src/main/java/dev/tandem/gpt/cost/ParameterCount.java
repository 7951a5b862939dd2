package dev.tandem.gpt.cost;

import dev.tandem.gpt.FeedForward;
import dev.tandem.gpt.GptConfig;

/// How many parameters a configuration has. A pure function of it.
///
/// | part                          | parameters     |
/// |-------------------------------|----------------|
/// | attention                     | 4C² + 4C       |
/// | feed-forward, or one expert   | 2CF + F + C    |
/// | two layer norms               | 4C             |
/// | gate                          | E·C            |
/// | final layer norm              | 2C             |
/// | token embedding, tied         | V·C            |
/// | positions                     | 0 sinusoidal, rows·C learned |
///
/// Source: <https://arxiv.org/abs/2112.10684>, table 1.
///
/// @param nonExpert everything but the experts; the gate is in here
/// @param expert the experts' parameters, all of them
/// @param active what one token uses: `nonExpert + expert·K/E`
public record ParameterCount(long nonExpert, long expert, long active) {

    /// Counts the parameters of `config`.
    public static ParameterCount of(GptConfig config) {
        long C = config.C();
        long nonExpert = (long) config.V() * C + config.learnedPositionRows() * C + 2 * C;
        long expert = 0;
        long active = 0;
        for (int block = 0; block < config.L(); block++) {
            nonExpert += 4 * C * C + 4 * C + 4 * C;
            switch (config.feedForward(block)) {
                case FeedForward.Dense dense -> nonExpert += one(C, dense.F());
                case FeedForward.Experts experts -> {
                    nonExpert += experts.E() * C;
                    expert += experts.E() * one(C, experts.F());
                    active += experts.K() * one(C, experts.F());
                }
            }
        }
        return new ParameterCount(nonExpert, expert, nonExpert + active);
    }

    private static long one(long C, long F) {
        return 2 * C * F + F + C;
    }

    /// All parameters.
    public long total() {
        return nonExpert + expert;
    }
}
