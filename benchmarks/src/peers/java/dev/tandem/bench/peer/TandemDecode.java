package dev.tandem.bench.peer;

import dev.tandem.bench.step.DecodeProblem;
import java.util.List;

/// A text continued by Tandem.
final class TandemDecode extends TandemContestant {
    private final DecodeQuestion question;
    private final DecodeProblem problem;
    private float[] logits = {};

    TandemDecode(Setting setting, DecodeQuestion question) {
        super(setting);
        this.question = question;
        this.problem = new DecodeProblem(room(), question.model().config(), question.weights(), DecodeQuestion.PROMPT);
    }

    @Override
    public void begin() {
        if (!question.prefill()) {
            problem.prefill();
        }
    }

    @Override
    protected void compute() {
        logits = question.prefill() ? problem.prefill() : problem.decode();
    }

    @Override
    protected List<Answer> results() {
        return List.of(new Answer("logits", logits));
    }
}
