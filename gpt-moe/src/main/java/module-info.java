/// The GPT-3 Mixture-of-Experts network, assembled from the engine's kernels.
module dev.tandem.gpt {
    requires transitive dev.tandem.engine;
    requires static org.jspecify;

    exports dev.tandem.gpt;
    exports dev.tandem.gpt.cost;
}
