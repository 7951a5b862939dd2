/// JMH suites: kernels and steps, in GFLOP/s and per cent of the peak measured in the same run.
module dev.tandem.bench {
    requires dev.tandem.gpt;
    requires dev.tandem.testkit;
    requires java.management;
    requires jdk.incubator.vector;
    requires jdk.management;
    requires jmh.core;
    requires static org.jspecify;
}
