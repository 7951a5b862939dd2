/// JMH suites: kernels and steps, in GFLOP/s and per cent of the peak measured in the same run.
module dev.tandem.bench {
    requires dev.tandem.gpt;
    requires dev.tandem.testkit;
    requires info.picocli;
    requires java.desktop;
    requires java.logging;
    requires java.management;
    requires jdk.incubator.vector;
    requires jdk.management;
    requires jmh.core;
    requires tools.jackson.core;
    requires xchart;
    requires static org.jspecify;

    uses dev.tandem.bench.Peers;

    opens dev.tandem.bench to
            info.picocli;
}
