/// The CUDA backend. It exports no package: it is found as a service.
module dev.tandem.cuda {
    requires dev.tandem.engine;
    requires static org.bytedeco.cuda;
    requires static org.bytedeco.javacpp;
    requires static org.jspecify;

    provides dev.tandem.engine.BackendProvider with
            dev.tandem.cuda.CudaProvider;
}
