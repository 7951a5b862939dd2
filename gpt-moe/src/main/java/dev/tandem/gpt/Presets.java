package dev.tandem.gpt;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// The published models: the paper's dense and MoE models, two more sizes of GPT-3, and GPT-2's.
///
/// Source: arXiv 2112.10684, table 1; GPT-3, arXiv 2005.14165, table 2.1; GPT-2's released
/// configurations.
public final class Presets {
    /// Vocabulary that reproduces the paper's parameter counts: 50,257 pieces, 4 special tokens, 3
    /// fillers.
    public static final int PAPER_VOCABULARY = 50_264;

    private static final int PAPER_POSITIONS = 2048;
    private static final int PAPER_EXPERTS = 512;
    private static final int PAPER_PADDING = 1;
    private static final int GPT2_VOCABULARY = 50_257;
    private static final int GPT2_POSITIONS = 1024;

    private Presets() {}

    /// Every preset, in the paper's order, then GPT-3's, then GPT-2's.
    public static List<Preset> all() {
        var presets = new ArrayList<Preset>();
        presets.add(dense("dense-125M", "moe-15B", 12, 768, 12, 0.1));
        presets.add(dense("dense-355M", "moe-52B", 24, 1024, 16, 0.0));
        presets.add(dense("dense-1.3B", "moe-207B", 24, 2048, 32, 0.1));
        presets.add(dense("dense-2.7B", "", 32, 2560, 32, 0.1));
        presets.add(dense("dense-6.7B", "moe-1.1T", 32, 4096, 32, 0.1));
        presets.add(dense("dense-13B", "", 40, 5120, 40, 0.1));
        presets.add(moe("moe-15B", "dense-125M", 12, 768, 12, 0.1));
        presets.add(moe("moe-52B", "dense-355M", 24, 1024, 16, 0.0));
        presets.add(moe("moe-207B", "dense-1.3B", 24, 2048, 32, 0.1));
        presets.add(moe("moe-1.1T", "dense-6.7B", 32, 4096, 32, 0.1));
        presets.add(dense("gpt3-760M", "", 24, 1536, 16, 0.1));
        presets.add(dense("gpt3-175B", "", 96, 12_288, 96, 0.1));
        presets.add(gpt2("gpt2", 12, 768, 12));
        presets.add(gpt2("gpt2-medium", 24, 1024, 16));
        presets.add(gpt2("gpt2-large", 36, 1280, 20));
        presets.add(gpt2("gpt2-xl", 48, 1600, 25));
        return List.copyOf(presets);
    }

    /// The preset of that name.
    ///
    /// @throws IllegalArgumentException naming the known ones, if there is none
    public static Preset named(String name) {
        return all().stream()
                .filter(preset -> preset.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no model is called \"" + name + "\"; known are "
                        + all().stream().map(Preset::name).collect(Collectors.joining(", "))));
    }

    private static Preset dense(String name, String twin, int L, int C, int H, double dropout) {
        return new Preset(name, paper(L, C, H, dropout), twin.isEmpty() ? Optional.empty() : Optional.of(twin));
    }

    private static Preset moe(String name, String twin, int L, int C, int H, double dropout) {
        return new Preset(name, paper(L, C, H, dropout).withExperts(PAPER_EXPERTS), Optional.of(twin));
    }

    private static GptConfig paper(int L, int C, int H, double dropout) {
        return GptConfig.gpt3(PAPER_VOCABULARY, PAPER_POSITIONS, L, C, H)
                .withPadding(PAPER_PADDING)
                .withDropout(dropout);
    }

    private static Preset gpt2(String name, int L, int C, int H) {
        return new Preset(
                name, GptConfig.gpt2(GPT2_VOCABULARY, GPT2_POSITIONS, L, C, H).withDropout(0.1), Optional.empty());
    }
}
