package dev.tandem.lab.selftest;

import dev.tandem.engine.Backend;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Precision;
import dev.tandem.gpt.Schedule;
import dev.tandem.gpt.TrainingOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/// Trains a small model with experts and dropout twice on equal data; every bit of every parameter
/// must repeat.
///
/// @param precision that was computed in
/// @param first SHA-256 of all parameters after the first training
/// @param second after the second
public record Determinism(Precision precision, String first, String second) {
    /// Updates of each training.
    public static final int UPDATES = 20;

    private static final int V = 97;
    private static final int T = 32;
    private static final int B = 4;
    private static final int E = 8;

    /// Trains twice in each precision that the backend offers.
    public static List<Determinism> of(Backend backend) {
        return Arrays.stream(Precision.values())
                .filter(precision -> backend.offers(precision.type()))
                .map(precision -> new Determinism(
                        precision,
                        hashAfterTraining(backend, precision, UPDATES),
                        hashAfterTraining(backend, precision, UPDATES)))
                .toList();
    }

    /// Whether the two agree.
    public boolean passed() {
        return first.equals(second);
    }

    /// SHA-256 of all parameters, in their order, after that many updates.
    static String hashAfterTraining(Backend backend, Precision precision, int updates) {
        var config = GptConfig.gpt3(V, T, 2, 64, 4).withExperts(E).withDropout(0.1);
        var options = TrainingOptions.paper(new Schedule(0.003, 2, UPDATES), 7);
        var random = new SplittableRandom(11);
        try (var model = Gpt.create(backend, config, precision, 5);
                var step = model.training(options, B, T)) {
            for (int update = 0; update < updates; update++) {
                int[] ids = random.ints((long) B * T, 0, V).toArray();
                int[] targets = random.ints((long) B * T, 0, V).toArray();
                step.run(ids, targets);
            }
            MessageDigest digest = sha256();
            model.parameters().forEach((_, tensor) -> digest.update(bytes(backend.floats(tensor))));
            return HexFormat.of().formatHex(digest.digest());
        }
    }

    private static byte[] bytes(float[] values) {
        var bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
