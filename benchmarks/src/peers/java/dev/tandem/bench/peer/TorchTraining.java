package dev.tandem.bench.peer;

import dev.tandem.bench.Room;
import dev.tandem.bench.step.TrainingProblem;
import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Backends;
import dev.tandem.engine.Role;
import dev.tandem.gpt.GptConfig;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// One update of the same model by libtorch, from the same weights.
final class TorchTraining extends TorchContestant {
    private final GptConfig config;
    private final TorchParameters parameters;
    private final TorchAdamW optimizer;
    private final Tensor ids;
    private final Tensor targets;
    private final Tensor positions;
    private Tensor loss = new Tensor();
    private Tensor norm = new Tensor();

    TorchTraining(Setting setting, TrainingQuestion question) {
        super(setting, true);
        this.config = question.model().config();
        int B = question.model().B();
        try (Backend tandem = Backends.open(setting.backend(), new BackendOptions(1));
                Room room = new Room(tandem)) {
            var problem = new TrainingProblem(room, config, B);
            this.parameters = new TorchParameters(tandem, problem.parameters(), true);
            this.ids = Tensor.create(longs(problem.ids()), B, config.T());
            this.targets = Tensor.create(longs(problem.targets()), (long) B * config.T());
            var table = room.region().floats("positions", Role.STATE, config.T(), config.C());
            tandem.kernels().embedding().sinusoidal(table, -1);
            this.positions = Torch.tensor(tandem.floats(table), config.T(), config.C());
        }
        this.optimizer = new TorchAdamW(parameters.all(), TrainingProblem.RATE, TrainingProblem.CLIP_NORM);
    }

    private static long[] longs(int[] values) {
        return Arrays.stream(values).asLongStream().toArray();
    }

    @Override
    protected void compute() {
        parameters.all().forEach(Torch::forget);
        Tensor embedding = parameters.get("embed_tokens.weight");
        Tensor x = torch.embedding(embedding, ids)
                .mul(new Scalar(config.embeddingScale()))
                .add(positions);
        for (int i = 0; i < config.L(); i++) {
            x = block(x, "layers." + i + ".");
        }
        Tensor logits = parameters.norm(x, "layer_norm").reshape(-1, config.C()).matmul(embedding.t());
        loss = torch.cross_entropy_loss(logits, targets);
        loss.backward();
        norm = optimizer.update();
    }

    private Tensor block(Tensor x, String name) {
        Tensor qkv = parameters.linear(
                parameters.norm(x, name + "self_attn_layer_norm"), name + "self_attn.qkv_proj");
        Tensor attended = x.add(
                parameters.linear(TorchAttention.attention(qkv, config.H()), name + "self_attn.out_proj"));
        Tensor normal = parameters.norm(attended, name + "final_layer_norm");
        return attended.add(parameters.linear(torch.gelu(parameters.linear(normal, name + "fc1")), name + "fc2"));
    }

    @Override
    public List<Answer> answers() {
        var losses = new float[TrainingQuestion.CHECKED_UPDATES];
        var norms = new float[TrainingQuestion.CHECKED_UPDATES];
        for (int update = 0; update < losses.length; update++) {
            List<Answer> both = computed(
                    () -> List.of(new Answer("loss", Torch.floats(loss)), new Answer("norm", Torch.floats(norm))));
            losses[update] = both.getFirst().get(0);
            norms[update] = both.getLast().get(0);
        }
        return TrainingQuestion.answers(losses, norms[0]);
    }
}
