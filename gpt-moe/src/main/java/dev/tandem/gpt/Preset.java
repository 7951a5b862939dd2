package dev.tandem.gpt;

import java.util.Optional;

/// A published model by name.
///
/// @param name as the command line takes it, such as `moe-15B`
/// @param config its configuration
/// @param twin name of the model of about equal training compute: the dense twin of an MoE model and
///     the other way round; empty where the paper trained none
public record Preset(String name, GptConfig config, Optional<String> twin) {}
