/// What "correct" means: the float64 reference backend, contracts, tolerances and test vectors.
module dev.tandem.testkit {
    requires transitive dev.tandem.engine;
    requires transitive org.junit.jupiter.api;
    requires transitive org.junit.jupiter.params;
    requires org.assertj.core;
    requires tools.jackson.core;
    requires static org.jspecify;
}
