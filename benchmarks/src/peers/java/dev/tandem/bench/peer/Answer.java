package dev.tandem.bench.peer;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// One result of a contestant.
///
/// @param name that the question has for it
/// @param exact whether it consists of counts, which have no rounding
/// @param values all of it
record Answer(String name, boolean exact, FloatBuffer values) {
    Answer(String name, float[] values) {
        this(name, false, FloatBuffer.wrap(values));
    }

    /// How many tokens each expert gets.
    static Answer histogram(int[] experts, int E) {
        var counts = new float[E];
        for (int expert : experts) {
            counts[expert]++;
        }
        return new Answer("tokens of each expert", true, FloatBuffer.wrap(counts));
    }

    int size() {
        return values.capacity();
    }

    float get(int i) {
        return values.get(i);
    }

    /// Hands answers over to another process.
    static void write(Path file, List<Answer> answers) throws IOException {
        try (var out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
            out.writeInt(answers.size());
            for (Answer answer : answers) {
                out.writeUTF(answer.name);
                out.writeBoolean(answer.exact);
                out.writeInt(answer.size());
                var bytes = ByteBuffer.allocate(answer.size() * Float.BYTES);
                bytes.asFloatBuffer().put(answer.values.duplicate().rewind());
                out.write(bytes.array());
            }
        }
    }

    static List<Answer> read(Path file) throws IOException {
        try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            int count = in.readInt();
            var answers = new ArrayList<Answer>();
            for (int i = 0; i < count; i++) {
                String name = in.readUTF();
                boolean exact = in.readBoolean();
                byte[] bytes = in.readNBytes(in.readInt() * Float.BYTES);
                answers.add(new Answer(name, exact, ByteBuffer.wrap(bytes).asFloatBuffer()));
            }
            return answers;
        }
    }
}
