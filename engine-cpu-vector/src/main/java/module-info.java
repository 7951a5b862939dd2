/// The SIMD-CPU backend. It exports no package: it is found as a service.
module dev.tandem.cpu {
    requires dev.tandem.engine;
    requires jdk.incubator.vector;
    requires static org.jspecify;

    provides dev.tandem.engine.BackendProvider with
            dev.tandem.cpu.CpuVectorProvider;
}
