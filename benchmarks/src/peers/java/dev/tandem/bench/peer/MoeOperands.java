package dev.tandem.bench.peer;

/// The operands of a layer of experts: the same in every contestant's process.
final class MoeOperands {
    private static final double BIAS = 0.1;
    private static final long SEED = 7;

    private final MoeQuestion question;

    MoeOperands(MoeQuestion question) {
        this.question = question;
    }

    /// `[N, C]`
    float[] x() {
        return Values.random(question.N() * question.C(), 1, SEED);
    }

    /// `[N, C]`
    float[] dy() {
        return Values.random(question.N() * question.C(), 1, SEED + 1);
    }

    /// `[E, C]`
    float[] gateWeight() {
        return Values.random(question.E() * question.C(), deviation(question.C()), SEED + 2);
    }

    /// `[E]`, what makes the load uneven.
    float[] gateBias() {
        var bias = new float[question.E()];
        for (int e = 0; e < bias.length; e++) {
            bias[e] = question.load().bias(e);
        }
        return bias;
    }

    /// `[E, F, C]`
    float[] up() {
        return Values.random(question.E() * question.F() * question.C(), deviation(question.C()), SEED + 3);
    }

    /// `[E, F]`
    float[] upBias() {
        return Values.random(question.E() * question.F(), BIAS, SEED + 4);
    }

    /// `[E, C, F]`
    float[] down() {
        return Values.random(question.E() * question.C() * question.F(), deviation(question.F()), SEED + 5);
    }

    /// `[E, C]`
    float[] downBias() {
        return Values.random(question.E() * question.C(), BIAS, SEED + 6);
    }

    private static double deviation(int in) {
        return 1 / Math.sqrt(in);
    }
}
