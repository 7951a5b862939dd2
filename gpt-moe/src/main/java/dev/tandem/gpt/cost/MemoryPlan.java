package dev.tandem.gpt.cost;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.PlannedTensor;
import dev.tandem.gpt.DecodeSession;
import dev.tandem.gpt.Evaluation;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Parameters;
import dev.tandem.gpt.Precision;
import dev.tandem.gpt.TrainingStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// Device memory that a use of a model needs, before anything is allocated.
///
/// It lists the very buffers that [TrainingStep], [Evaluation] and [DecodeSession] allocate. A
/// device may round them up for a layout of its own, and holds some workspace besides. What a
/// process on the CPU takes in all is its [ResidentMemory].
///
/// @param parts what the memory is for
public record MemoryPlan(List<Part> parts) {
    /// Memory of one purpose.
    ///
    /// @param name such as `moments`
    /// @param buffers its tensors by name
    public record Part(String name, List<PlannedTensor> buffers) {
        /// Keeps a copy of the list.
        public Part {
            buffers = List.copyOf(buffers);
        }

        /// Bytes of all buffers.
        public long bytes() {
            long bytes = 0;
            for (PlannedTensor buffer : buffers) {
                bytes = Math.addExact(bytes, buffer.bytes());
            }
            return bytes;
        }
    }

    /// Keeps a copy of the list.
    public MemoryPlan {
        parts = List.copyOf(parts);
    }

    /// Training in F32, see the other method of this name.
    public static MemoryPlan training(GptConfig config, int B, int T, int microBatches) {
        return training(config, Precision.F32, B, T, microBatches);
    }

    /// Training on `microBatches` batches of `B` sequences of `T` tokens per update.
    public static MemoryPlan training(GptConfig config, Precision precision, int B, int T, int microBatches) {
        var parts = new ArrayList<Part>(model(config, precision));
        var parameters = Parameters.plan(config);
        parts.add(new Part("gradients", parameters));
        var moments = new ArrayList<>(parameters);
        moments.addAll(parameters);
        parts.add(new Part("moments", moments));
        parts.add(new Part("activations", TrainingStep.plan(config, precision, B, T, microBatches)));
        return new MemoryPlan(parts);
    }

    /// Evaluation in F32, see the other method of this name.
    public static MemoryPlan evaluation(GptConfig config, int B, int T) {
        return evaluation(config, Precision.F32, B, T);
    }

    /// Drop-less evaluation of `B` sequences of `T` tokens.
    public static MemoryPlan evaluation(GptConfig config, Precision precision, int B, int T) {
        var parts = new ArrayList<Part>(model(config, precision));
        parts.add(new Part("activations", Evaluation.plan(config, precision, B, T)));
        return new MemoryPlan(parts);
    }

    /// Decoding in F32, see the other method of this name.
    public static MemoryPlan decoding(GptConfig config, int B, int positions) {
        return decoding(config, Precision.F32, B, positions);
    }

    /// Continuing `B` texts up to `positions` tokens; the buffers of a prompt come on top while it
    /// is read.
    public static MemoryPlan decoding(GptConfig config, Precision precision, int B, int positions) {
        return decoding(config, precision, precision.type(), B, positions);
    }

    /// The same where the session multiplies by copies of the weights in another type.
    public static MemoryPlan decoding(
            GptConfig config, Precision precision, ElementType weightType, int B, int positions) {
        var parts = new ArrayList<Part>(model(config, precision));
        parts.add(new Part("session", DecodeSession.plan(config, precision, weightType, B, positions)));
        return new MemoryPlan(parts);
    }

    private static List<Part> model(GptConfig config, Precision precision) {
        return List.of(new Part("model", Gpt.plan(config, precision)));
    }

    /// Bytes of all parts.
    public long bytes() {
        long bytes = 0;
        for (Part part : parts) {
            bytes = Math.addExact(bytes, part.bytes());
        }
        return bytes;
    }

    /// One line per part and one for the sum, in binary units.
    @Override
    public String toString() {
        return lines() + line("total", bytes());
    }

    /// One line per part.
    String lines() {
        return parts.stream()
                .map(part -> line(part.name(), part.bytes()) + System.lineSeparator())
                .collect(Collectors.joining());
    }

    static String line(String name, long bytes) {
        return "%-12s %12s".formatted(name, amount(bytes));
    }

    private static String amount(long bytes) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    }
}
