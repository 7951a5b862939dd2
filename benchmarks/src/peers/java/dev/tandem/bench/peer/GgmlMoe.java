package dev.tandem.bench.peer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// A layer of experts by ggml, forward.
final class GgmlMoe implements Contestant {
    private final Ggml ggml;
    private final MoeQuestion question;
    private final GgmlTensors tensors;
    private final GgmlGraph graph;
    private final GgmlExperts.Result result;

    GgmlMoe(Setting setting, MoeQuestion question) {
        this.ggml = new Ggml(setting);
        this.question = question;
        this.tensors = new GgmlTensors(ggml);
        this.graph = new GgmlGraph(ggml);
        int N = question.N();
        int C = question.C();
        int F = question.F();
        int E = question.E();
        var values = new MoeOperands(question);
        MemorySegment x = tensors.floats(values.x(), N, C);
        MemorySegment logits = graph.node(
                "add",
                graph.node("mul_mat", tensors.floats(values.gateWeight(), E, C), x),
                tensors.floats(values.gateBias(), E));
        var experts = new GgmlExperts(
                tensors.floats(values.up(), E, F, C),
                tensors.floats(values.upBias(), E, F),
                tensors.floats(values.down(), E, C, F),
                tensors.floats(values.downBias(), E, C),
                C,
                F,
                E,
                MoeQuestion.K);
        this.result = experts.forward(graph, x, logits, N);
        graph.result(result.chosen());
        graph.result(result.y());
        graph.place();
    }

    @Override
    public String version() {
        return ggml.version();
    }

    @Override
    public void run() {
        graph.run();
    }

    @Override
    public List<Answer> answers() {
        run();
        int[] chosen = ggml.data(result.chosen()).toArray(ValueLayout.JAVA_INT);
        return List.of(
                Answer.histogram(chosen, question.E()),
                new Answer("y", ggml.data(result.y()).toArray(ValueLayout.JAVA_FLOAT)));
    }

    /// What ggml itself took ends with the process.
    @Override
    public void close() {
        tensors.close();
    }
}
