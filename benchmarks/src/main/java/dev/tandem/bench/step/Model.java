package dev.tandem.bench.step;

import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Presets;

/// The models whose steps are timed.
public enum Model {
    /// Four blocks of 256 channels, sixteen experts in every second one.
    SMALL_MOE,
    /// Its dense twin.
    SMALL_DENSE,
    /// Twelve blocks of 384 channels: 24.5 million parameters.
    MIDDLE_DENSE,
    /// The same with sixteen experts in every second block.
    MIDDLE_MOE,
    /// Twelve blocks of 768 channels, 64 experts in every second one, a thousand positions: for GPUs.
    LARGE_MOE,
    /// GPT-2 with 124 million parameters.
    GPT2,
    /// The same with sixteen experts in every second block.
    GPT2_MOE;

    private static final int EXPERTS = 16;

    /// What it computes.
    public GptConfig config() {
        return switch (this) {
            case SMALL_DENSE -> GptConfig.gpt3(256, 128, 4, 256, 4);
            case MIDDLE_DENSE -> GptConfig.gpt3(8192, 256, 12, 384, 6);
            case GPT2 -> Presets.named("gpt2").config().withDropout(0);
            case LARGE_MOE -> GptConfig.gpt3(50264, 1024, 12, 768, 12).withExperts(64);
            case SMALL_MOE -> SMALL_DENSE.config().withExperts(EXPERTS);
            case MIDDLE_MOE -> MIDDLE_DENSE.config().withExperts(EXPERTS);
            case GPT2_MOE -> GPT2.config().withExperts(EXPERTS);
        };
    }

    /// Sequences in a batch.
    public int B() {
        return switch (this) {
            case SMALL_DENSE, SMALL_MOE, LARGE_MOE -> 16;
            case MIDDLE_DENSE, MIDDLE_MOE -> 8;
            case GPT2, GPT2_MOE -> 1;
        };
    }
}
