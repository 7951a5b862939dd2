package dev.tandem.bench.peer;

import dev.tandem.bench.Room;
import dev.tandem.bench.step.DecodeProblem;
import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Backends;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/// The same text continued by libtorch, from the same weights.
final class TorchDecode extends TorchContestant {
    private final DecodeQuestion question;
    private final TorchGpt model;
    private final Tensor prompt;
    private final Tensor token;
    private float[] logits = {};

    TorchDecode(Setting setting, DecodeQuestion question) {
        super(setting, false);
        this.question = question;
        var config = question.model().config();
        try (Backend tandem = Backends.open(setting.backend(), new BackendOptions(1));
                Room room = new Room(tandem)) {
            var problem = new DecodeProblem(room, config, DecodeQuestion.PROMPT);
            this.model = new TorchGpt(config, new TorchParameters(tandem, problem.parameters(), false));
            long[] ids = Arrays.stream(problem.prompt()).asLongStream().toArray();
            this.prompt = Tensor.create(ids, ids.length);
            this.token = Tensor.create(new long[] {ids[0]}, 1);
        }
    }

    @Override
    protected void reset() {
        if (!question.prefill()) {
            prefill();
        }
    }

    @Override
    protected void compute() {
        if (question.prefill()) {
            prefill();
        } else {
            decode();
        }
    }

    private void prefill() {
        model.clear();
        logits = Torch.floats(model.next(prompt));
    }

    private void decode() {
        if (model.remaining() == 0) {
            model.clear();
        }
        logits = Torch.floats(model.next(token));
    }

    @Override
    public List<Answer> answers() {
        return computed(() -> List.of(new Answer("logits", logits)));
    }
}
