package dev.tandem.lab.training;

import dev.tandem.lab.data.Blocks;
import dev.tandem.lab.evaluation.TextSet;
import dev.tandem.lab.text.Tokenizer;
import java.util.List;
import java.util.Map;

/// The text of a comparison.
///
/// @param tokenizer of all of it
/// @param training blocks to learn from
/// @param validation held-out text of the same domain
/// @param others text of other domains
/// @param provenance where the text comes from
public record ComparisonData(
        Tokenizer tokenizer,
        Blocks training,
        TextSet validation,
        List<TextSet> others,
        Map<String, Object> provenance) {
    public ComparisonData {
        others = List.copyOf(others);
    }
}
