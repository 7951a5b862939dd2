/// Text, data, training, evaluation and the command line.
module dev.tandem.lab {
    requires dev.tandem.gpt;
    requires dev.tandem.testkit;
    requires info.picocli;
    requires java.desktop;
    requires java.logging;
    requires java.management;
    requires jtokkit;
    requires me.tongfei.progressbar;
    requires tools.jackson.core;
    requires xchart;
    requires static org.jspecify;

    opens dev.tandem.lab.cli to
            info.picocli;

    provides dev.tandem.testkit.vectors.VectorRunner with
            dev.tandem.lab.selftest.ModelVectorRunner;
}
