package dev.tandem.bench.peer;

import java.util.List;

/// Compares what a library computed with what Tandem computed.
final class AnswerCheck {
    private static final double EPSILON = 0x1p-23;

    // Steps of a calculation feed each other, and each rounds.
    private static final double ROUNDINGS = 32;

    private AnswerCheck() {}

    /// @throws IllegalStateException if they differ by more than rounding
    static void require(Question question, Entrant entrant, List<Answer> found, List<Answer> wanted) {
        double tolerance = ROUNDINGS * EPSILON * Math.sqrt(question.terms()) + entrant.rounding();
        for (int i = 0; i < wanted.size(); i++) {
            if (i >= found.size() || !found.get(i).name().equals(wanted.get(i).name())) {
                throw new IllegalStateException("%s gave no '%s' to %s"
                        .formatted(entrant.library(), wanted.get(i).name(), question.title()));
            }
            compare(entrant.library(), question.title(), tolerance, found.get(i), wanted.get(i));
        }
    }

    /// Compares one answer.
    ///
    /// @param tolerance relative to the largest element, unless the answer is exact
    /// @throws IllegalStateException if they differ by more
    static void compare(String library, String title, double tolerance, Answer found, Answer wanted) {
        double largest = 0;
        double worst = found.size() == wanted.size() ? 0 : Double.NaN;
        for (int i = 0; i < wanted.size() && !Double.isNaN(worst); i++) {
            largest = Math.max(largest, Math.abs(wanted.get(i)));
            worst = Math.max(worst, Math.abs((double) found.get(i) - wanted.get(i)));
        }
        double allowed = wanted.exact() ? 0 : tolerance * largest;
        if (!(worst <= allowed)) {
            throw new IllegalStateException("%s and Tandem disagree on %s, '%s', by %s; %s is allowed"
                    .formatted(library, title, wanted.name(), worst, allowed));
        }
    }
}
