/// What "correct" means: the float64 reference backend, contracts, tolerances and test vectors.
module dev.tandem.testkit {
    requires transitive dev.tandem.engine;
    requires static org.junit.jupiter.api;
    requires static org.junit.jupiter.params;
    requires static org.assertj.core;
    requires tools.jackson.core;
    requires static org.jspecify;

    exports dev.tandem.testkit;
    exports dev.tandem.testkit.contract;
    exports dev.tandem.testkit.vectors;

    uses dev.tandem.testkit.vectors.VectorRunner;
}
