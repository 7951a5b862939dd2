package dev.tandem.bench.peer;

import dev.tandem.bench.Room;
import dev.tandem.bench.step.DecodeProblem;
import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Backends;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The same text continued by ggml, from the same weights.
///
/// A graph tells how long the text is. llama.cpp describes one for each token; here each length keeps its own, because
/// describing takes Java 0.3 ms, which are not ggml's.
final class GgmlDecode implements Contestant {
    private final Ggml ggml;
    private final DecodeQuestion question;
    private final int capacity;
    private final GgmlTensors tensors;
    private final GgmlGpt model;
    private final MemorySegment token;
    private final Step prompt;
    private final Map<Integer, Step> steps = new HashMap<>();
    private int length;
    private float[] logits = {};

    /// A graph with memory, and its result.
    private record Step(GgmlGraph graph, MemorySegment logits) {}

    GgmlDecode(Setting setting, DecodeQuestion question) {
        this.ggml = new Ggml(setting);
        this.question = question;
        this.tensors = new GgmlTensors(ggml);
        var config = question.model().config();
        this.capacity = config.T();
        int T = DecodeQuestion.PROMPT;
        try (Backend tandem = Backends.open(setting.backend(), new BackendOptions(1));
                Room room = new Room(tandem)) {
            var problem = new DecodeProblem(room, config, T);
            var parameters = new GgmlParameters(tensors, tandem, problem.parameters(), config, question.weights());
            this.model = new GgmlGpt(config, tensors, parameters);
            this.token = tensors.integers(problem.prompt()[0]);
            this.prompt = step(tensors.integers(problem.prompt()), tensors.floats(mask(T), T, T), 0, T);
        }
    }

    private Step step(MemorySegment ids, MemorySegment mask, int length, int T) {
        var graph = new GgmlGraph(ggml);
        MemorySegment next = model.next(graph, ids, mask, length, T);
        graph.place();
        return new Step(graph, next);
    }

    /// What is added to the scores: `-∞` behind the token itself.
    static float[] mask(int T) {
        var mask = new float[T * T];
        for (int t = 0; t < T; t++) {
            Arrays.fill(mask, t * T + t + 1, (t + 1) * T, Float.NEGATIVE_INFINITY);
        }
        return mask;
    }

    @Override
    public String version() {
        return ggml.version();
    }

    @Override
    public void begin() {
        if (!question.prefill()) {
            prefill();
        }
    }

    @Override
    public void run() {
        if (question.prefill()) {
            prefill();
        } else {
            decode();
        }
    }

    private void prefill() {
        run(prompt);
        length = DecodeQuestion.PROMPT;
    }

    private void decode() {
        if (length == capacity) {
            length = 0;
        }
        run(steps.computeIfAbsent(length, before -> step(token, MemorySegment.NULL, before, 1)));
        length++;
    }

    private void run(Step step) {
        step.graph.run();
        logits = ggml.data(step.logits).toArray(ValueLayout.JAVA_FLOAT);
    }

    @Override
    public List<Answer> answers() {
        begin();
        run();
        return List.of(new Answer("logits", logits));
    }

    /// What ggml itself took ends with the process.
    @Override
    public void close() {
        tensors.close();
    }
}
