package dev.tandem.gpt;

import java.util.List;

/// What one update did.
///
/// @param update number of the update, from 0
/// @param tokens scored targets
/// @param nll mean negative log-likelihood of the scored targets, nats
/// @param objective `nll` and the weighted balance losses: what was differentiated
/// @param gradientNorm global, after the scaling of expert gradients, before clipping
/// @param clipFactor by which gradients were scaled, 1 without clipping
/// @param learningRate of the parameters outside experts
/// @param gates one report per MoE block
public record StepReport(
        long update,
        int tokens,
        double nll,
        double objective,
        double gradientNorm,
        double clipFactor,
        double learningRate,
        List<GateReport> gates) {
    /// Keeps a copy of the list.
    public StepReport {
        gates = List.copyOf(gates);
    }

    /// Whether loss and gradients are numbers; training that left them cannot go on.
    public boolean isFinite() {
        return Double.isFinite(objective) && Double.isFinite(gradientNorm);
    }
}
