package dev.tandem.gpt;

/// How the balance losses of the MoE blocks enter the objective.
///
///     objective = mean nll + weight · Σ_blocks l_aux             (SUM, the paper's)
///     objective = mean nll + weight · Σ_blocks l_aux / blocks    (MEAN)
///
/// @param weight dimensionless, at least 0; the paper uses 0.01
/// @param combine over the MoE blocks
public record BalanceLoss(double weight, Combine combine) {
    /// Over the MoE blocks of one model.
    public enum Combine {
        SUM,
        MEAN
    }

    public BalanceLoss {
        if (!(weight >= 0) || Double.isInfinite(weight)) {
            throw new IllegalArgumentException("balance-loss weight must be finite and at least 0, was " + weight);
        }
    }

    /// The paper's: 0.01, summed over the blocks.
    public static BalanceLoss paper() {
        return new BalanceLoss(0.01, Combine.SUM);
    }

    /// Weight of one block's balance loss in the objective of a model with `blocks` MoE blocks.
    public double perBlock(int blocks) {
        return combine == Combine.SUM ? weight : weight / blocks;
    }
}
