package dev.tandem.bench.peer;

import dev.tandem.bench.Room;
import dev.tandem.bench.step.TrainingProblem;
import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Backends;
import dev.tandem.engine.Role;
import dev.tandem.engine.Shape;
import dev.tandem.gpt.GptConfig;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// One update of the same model by libtorch, from the same weights.
final class TorchTraining extends TorchContestant {
    private final GptConfig config;
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
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
            problem.parameters()
                    .forEach((name, tensor) ->
                            parameters.put(name, Torch.parameter(tandem.floats(tensor), extents(tensor.shape()))));
            this.ids = Tensor.create(longs(problem.ids()), B, config.T());
            this.targets = Tensor.create(longs(problem.targets()), (long) B * config.T());
            var table = room.region().floats("positions", Role.STATE, config.T(), config.C());
            tandem.kernels().embedding().sinusoidal(table, -1);
            this.positions = Torch.tensor(tandem.floats(table), config.T(), config.C());
        }
        this.optimizer =
                new TorchAdamW(List.copyOf(parameters.values()), TrainingProblem.RATE, TrainingProblem.CLIP_NORM);
    }

    private static long[] longs(int[] values) {
        return Arrays.stream(values).asLongStream().toArray();
    }

    private static long[] extents(Shape shape) {
        return IntStream.range(0, shape.rank()).mapToLong(shape::extent).toArray();
    }

    @Override
    protected void compute() {
        parameters.values().forEach(Torch::forget);
        Tensor embedding = parameter("embed_tokens.weight");
        Tensor x = torch.embedding(embedding, ids)
                .mul(new Scalar(config.embeddingScale()))
                .add(positions);
        for (int i = 0; i < config.L(); i++) {
            x = block(x, "layers." + i + ".");
        }
        Tensor logits = norm(x, "layer_norm").reshape(-1, config.C()).matmul(embedding.t());
        loss = torch.cross_entropy_loss(logits, targets);
        loss.backward();
        norm = optimizer.update();
    }

    private Tensor block(Tensor x, String name) {
        Tensor qkv = linear(norm(x, name + "self_attn_layer_norm"), name + "self_attn.qkv_proj");
        Tensor attended = x.add(linear(TorchAttention.attention(qkv, config.H()), name + "self_attn.out_proj"));
        Tensor hidden = torch.gelu(linear(norm(attended, name + "final_layer_norm"), name + "fc1"));
        return attended.add(linear(hidden, name + "fc2"));
    }

    private Tensor parameter(String name) {
        Tensor parameter = parameters.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("the model has no parameter " + name + ", a dense one was expected");
        }
        return parameter;
    }

    private Tensor norm(Tensor x, String name) {
        return TorchLayerNorm.norm(x, parameter(name + ".weight"), parameter(name + ".bias"));
    }

    private Tensor linear(Tensor x, String name) {
        return torch.linear(x, parameter(name + ".weight"), Torch.optional(parameter(name + ".bias")));
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
