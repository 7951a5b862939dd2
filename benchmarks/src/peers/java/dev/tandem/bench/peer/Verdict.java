package dev.tandem.bench.peer;

import java.util.List;

/// Compares what a library computed with what Tandem computed.
final class Verdict {
    private static final double EPSILON = 0x1p-23;

    // Steps of a calculation feed each other, and each rounds.
    private static final double ROUNDINGS = 32;

    private Verdict() {}

    /// @throws IllegalStateException if they differ by more than rounding
    static void require(Question question, Entrant entrant, List<Answer> found, List<Answer> wanted) {
        for (int i = 0; i < wanted.size(); i++) {
            if (i >= found.size() || !found.get(i).name().equals(wanted.get(i).name())) {
                throw new IllegalStateException("%s gave no '%s' to %s"
                        .formatted(entrant.library(), wanted.get(i).name(), question.title()));
            }
            compare(question, entrant, found.get(i), wanted.get(i));
        }
    }

    private static void compare(Question question, Entrant entrant, Answer found, Answer wanted) {
        double largest = 0;
        double worst = found.size() == wanted.size() ? 0 : Double.NaN;
        for (int i = 0; i < wanted.size() && !Double.isNaN(worst); i++) {
            largest = Math.max(largest, Math.abs(wanted.get(i)));
            worst = Math.max(worst, Math.abs((double) found.get(i) - wanted.get(i)));
        }
        double tolerance = ROUNDINGS * EPSILON * Math.sqrt(question.terms()) + entrant.rounding();
        double allowed = wanted.exact() ? 0 : tolerance * largest;
        if (!(worst <= allowed)) {
            throw new IllegalStateException("%s and Tandem disagree on %s, '%s', by %s; %s is allowed"
                    .formatted(entrant.library(), question.title(), wanted.name(), worst, allowed));
        }
    }
}
