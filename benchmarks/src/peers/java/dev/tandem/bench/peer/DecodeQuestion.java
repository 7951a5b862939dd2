package dev.tandem.bench.peer;

import dev.tandem.bench.machine.Cost;
import dev.tandem.bench.step.DecodeProblem;
import dev.tandem.bench.step.Model;
import dev.tandem.engine.ElementType;
import dev.tandem.gpt.Precision;
import java.util.ArrayList;
import java.util.List;

/// A text that a model continues: reading its prompt into an empty cache, or the token behind it.
/// Either way the caller has the logits of what follows in an array of its own.
///
/// @param model of GPT-2's architecture
/// @param prefill whether the prompt is timed, or else what follows
/// @param weights what matrices are stored in: F32, or BF16 for a token, beside which ggml has F16. Activations, keys
///     and values are F32
record DecodeQuestion(Model model, boolean prefill, ElementType weights) implements Question {
    /// Tokens of the prompt.
    static final int PROMPT = 512;

    /// Of ggml beside weights in F16: it rounds activations to F16, by up to 2⁻¹¹, before each of a block's four
    /// products and the head's, and what it rounds is rounded again in the next block.
    static final double HALF_ROUNDING = 0x1p-8;

    @Override
    public String name() {
        return prefill ? "Decode.prefill" : "Decode.decode";
    }

    @Override
    public String details() {
        String text = (prefill ? "%s, %d tokens" : "%s, behind %d tokens").formatted(model, PROMPT);
        return weights == ElementType.F32 ? text : "%s, weights %s".formatted(text, weights);
    }

    @Override
    public Cost cost() {
        var config = model.config();
        return prefill
                ? DecodeProblem.prefillCost(config, Precision.F32, PROMPT)
                : DecodeProblem.decodeCost(config, Precision.F32, weights, PROMPT);
    }

    @Override
    public int terms() {
        return PROMPT * model.config().C();
    }

    @Override
    public List<Entrant> entrants() {
        var entrants = new ArrayList<Entrant>();
        entrants.add(Entrant.tandem(setting -> new TandemDecode(setting, this)));
        if (weights == ElementType.F32) {
            entrants.add(Torch.entrant("", setting -> new TorchDecode(setting, this)));
            // no GELU_ROUNDING: over so many terms F32 is allowed more
            entrants.add(Ggml.entrant(0, setting -> new GgmlDecode(setting, this)));
        } else {
            entrants.add(Ggml.entrant(HALF_ROUNDING, setting -> new GgmlDecode(setting, this)));
        }
        return entrants;
    }
}
