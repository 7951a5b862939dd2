package dev.tandem.bench.peer;

import dev.tandem.bench.machine.Cost;
import dev.tandem.bench.step.Model;
import dev.tandem.bench.step.TrainingProblem;
import java.util.List;

/// One update of a dense model: forward, backward, clipping, AdamW.
///
/// @param model dense, with computed positions
record TrainingQuestion(Model model) implements Question {
    /// Updates whose losses are compared.
    static final int CHECKED_UPDATES = 3;

    @Override
    public String name() {
        return "TrainingStep.update";
    }

    @Override
    public String details() {
        return model.toString();
    }

    @Override
    public Cost cost() {
        var config = model.config();
        return TrainingProblem.cost(config, model.B() * config.T());
    }

    @Override
    public int terms() {
        return model.B() * model.config().T() * model.config().C();
    }

    @Override
    public List<Entrant> entrants() {
        return List.of(
                Entrant.tandem(setting -> new TandemTraining(setting, this)),
                Torch.entrant("", setting -> new TorchTraining(setting, this)));
    }

    /// What both tell of their first updates.
    static List<Answer> answers(float[] losses, float norm) {
        return List.of(new Answer("losses", losses), new Answer("gradient norm", new float[] {norm}));
    }
}
