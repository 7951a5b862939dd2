/// The kernel API of Tandem: what a backend offers and what a model may ask of it.
module dev.tandem.engine {
    requires jdk.jfr;
    requires static org.jspecify;

    exports dev.tandem.engine;
    exports dev.tandem.engine.kernel;

    uses dev.tandem.engine.BackendProvider;
}
