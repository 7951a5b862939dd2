package dev.tandem.bench.peer;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/// A layer of experts by ONNX Runtime's own operator. Its gate is a product of the same graph.
final class OnnxMoe implements Contestant {
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final MoeQuestion question;
    private final Map<String, OnnxTensor> inputs;
    private final Map<String, OnnxTensor> outputs;
    private final FloatBuffer y;
    private final FloatBuffer logits;

    OnnxMoe(Setting setting, MoeQuestion question) {
        this.environment = OrtEnvironment.getEnvironment();
        this.question = question;
        int N = question.N();
        int C = question.C();
        this.y = buffer(N * C);
        this.logits = buffer(N * question.E());
        var values = new MoeOperands(question);
        try (var options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(setting.threads());
            options.setInterOpNumThreads(1);
            this.session = environment.createSession(model(values), options);
            this.inputs = Map.of("x", tensor(buffer(N * C).put(values.x()).rewind(), N, C));
            this.outputs = Map.of("y", tensor(y, N, C), "logits", tensor(logits, N, question.E()));
        } catch (OrtException e) {
            throw refused(e);
        }
    }

    private static FloatBuffer buffer(int length) {
        return ByteBuffer.allocateDirect(length * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    private OnnxTensor tensor(FloatBuffer values, long... shape) throws OrtException {
        return OnnxTensor.createTensor(environment, values, shape);
    }

    private byte[] model(MoeOperands values) {
        int N = question.N();
        int C = question.C();
        int F = question.F();
        int E = question.E();
        var model = new OnnxModel()
                .input("x", N, C)
                .output("y", N, C)
                .output("logits", N, E)
                .constant("gateWeight", values.gateWeight(), E, C)
                .constant("gateBias", values.gateBias(), E)
                .constant("up", values.up(), E, F, C)
                .constant("upBias", values.upBias(), E, F)
                .constant("down", values.down(), E, C, F)
                .constant("downBias", values.downBias(), E, C);
        model.new Node("Gemm", List.of("x", "gateWeight", "gateBias"), "logits")
                .attribute("transB", 1)
                .add();
        model.new Node("MoE", List.of("x", "logits", "up", "upBias", "down", "downBias"), "y")
                .domain(OnnxModel.MICROSOFT)
                .attribute("k", MoeQuestion.K)
                .attribute("activation_type", "gelu")
                .attribute("normalize_routing_weights", 1)
                .add();
        return model.bytes();
    }

    @Override
    public String version() {
        return environment.getVersion();
    }

    @Override
    public void run() {
        try (var _ = session.run(inputs, outputs)) {
            // the results lie in the tensors given
        } catch (OrtException e) {
            throw refused(e);
        }
    }

    private static IllegalStateException refused(OrtException e) {
        return new IllegalStateException("ONNX Runtime refuses the layer: " + e.getMessage(), e);
    }

    @Override
    public List<Answer> answers() {
        run();
        var result = new float[y.capacity()];
        y.get(0, result);
        return List.of(Answer.histogram(chosen(), question.E()), new Answer("y", result));
    }

    /// The operator does not tell its choice; it is the largest logits.
    private int[] chosen() {
        var chosen = new int[question.N() * MoeQuestion.K];
        for (int n = 0; n < question.N(); n++) {
            int first = largest(n, -1);
            chosen[MoeQuestion.K * n] = first;
            chosen[MoeQuestion.K * n + 1] = largest(n, first);
        }
        return chosen;
    }

    private int largest(int n, int except) {
        int E = question.E();
        int best = except == 0 ? 1 : 0;
        for (int e = 0; e < E; e++) {
            if (e != except && logits.get(n * E + e) > logits.get(n * E + best)) {
                best = e;
            }
        }
        return best;
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw refused(e);
        }
    }
}
