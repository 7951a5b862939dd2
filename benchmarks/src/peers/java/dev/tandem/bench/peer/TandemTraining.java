package dev.tandem.bench.peer;

import dev.tandem.bench.step.TrainingProblem;
import java.util.List;

/// One update by Tandem.
final class TandemTraining extends TandemContestant {
    private final TrainingProblem problem;

    TandemTraining(Setting setting, TrainingQuestion question) {
        super(setting);
        var model = question.model();
        this.problem = new TrainingProblem(room(), model.config(), model.B());
    }

    @Override
    protected void compute() {
        problem.update();
    }

    @Override
    protected List<Answer> results() {
        var losses = new float[TrainingQuestion.CHECKED_UPDATES];
        float norm = (float) problem.report().gradientNorm();
        for (int update = 0; update < losses.length; update++) {
            losses[update] = (float) problem.report().nll();
            run();
        }
        return TrainingQuestion.answers(losses, norm);
    }
}
