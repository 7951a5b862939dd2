package dev.tandem.bench.peer;

import dev.tandem.bench.machine.Cost;
import dev.tandem.bench.step.DecodeProblem;
import dev.tandem.bench.step.Model;
import dev.tandem.gpt.Precision;
import java.util.List;

/// A text that a model continues: reading its prompt into an empty cache, or the token behind it.
/// Either way the caller has the logits of what follows in an array of its own.
///
/// @param model of GPT-2's architecture
/// @param prefill whether the prompt is timed, or else what follows
record DecodeQuestion(Model model, boolean prefill) implements Question {
    /// Tokens of the prompt.
    static final int PROMPT = 512;

    @Override
    public String name() {
        return prefill ? "Decode.prefill" : "Decode.decode";
    }

    @Override
    public String details() {
        return (prefill ? "%s, %d tokens" : "%s, behind %d tokens").formatted(model, PROMPT);
    }

    @Override
    public Cost cost() {
        var config = model.config();
        return prefill
                ? DecodeProblem.prefillCost(config, Precision.F32, PROMPT)
                : DecodeProblem.decodeCost(config, Precision.F32, PROMPT);
    }

    @Override
    public int terms() {
        return PROMPT * model.config().C();
    }

    @Override
    public List<Entrant> entrants() {
        return List.of(
                Entrant.tandem(setting -> new TandemDecode(setting, this)),
                Torch.entrant("", setting -> new TorchDecode(setting, this)),
                // no GELU_ROUNDING: over so many terms F32 is allowed more
                Ggml.entrant(0, setting -> new GgmlDecode(setting, this)));
    }
}
