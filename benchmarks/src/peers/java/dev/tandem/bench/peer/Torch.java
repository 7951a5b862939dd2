package dev.tandem.bench.peer;

import dev.tandem.engine.kernel.GeluForm;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.mkl.global.mkl_rt;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// What calculations by libtorch share.
final class Torch {
    // libtorch's jar is linked to OpenBLAS, several times slower here; MKL takes its place. One
    // OpenMP runtime for both, or two pools fight for the processors.
    private static final List<String> FLAGS = List.of("-Dorg.bytedeco.openblas.load=mkl_rt");
    // Large results are freed and allocated again by every call. Kept by the allocator, their pages
    // need not be cleared each time, as with the allocators that libtorch's users are told to use.
    private static final Map<String, String> ENVIRONMENT = Map.of(
            "MKL_THREADING_LAYER", "GNU",
            "MALLOC_ARENA_MAX", "1",
            "MALLOC_MMAP_MAX_", "0",
            "MALLOC_TRIM_THRESHOLD_", String.valueOf(1L << 40),
            "MALLOC_TOP_PAD_", String.valueOf(1 << 26));

    private Torch() {}

    /// A way to answer with libtorch.
    static Entrant entrant(String way, Entrant.Opening opening) {
        return new Entrant(("libtorch " + way).strip(), FLAGS, ENVIRONMENT, opening);
    }

    /// Loads the library.
    ///
    /// @throws LinkageError if that cannot be done here
    static void load(Setting setting) {
        Loader.load(mkl_rt.class);
        torch.set_num_threads(setting.threads());
    }

    static String version() {
        return "%s on MKL %s".formatted(Artifact.version(torch.class), Artifact.version(mkl_rt.class));
    }

    /// A constant.
    static Tensor tensor(float[] values, long... shape) {
        return Tensor.create(values, shape);
    }

    /// Something to have a gradient of.
    static Tensor parameter(float[] values, long... shape) {
        return tensor(values, shape).set_requires_grad(true);
    }

    /// Forgets a gradient, so that the next one need not be added to it.
    static void forget(Tensor parameter) {
        parameter.mutable_grad().reset();
    }

    static TensorOptional optional(Tensor tensor) {
        return new TensorOptional(tensor);
    }

    static Tensor gelu(Tensor x, GeluForm form) {
        return switch (form) {
            case ERF -> torch.gelu(x);
            case TANH -> torch.gelu(x, "tanh");
        };
    }

    static float[] floats(Tensor tensor) {
        Tensor dense = tensor.detach().contiguous();
        var values = new float[(int) dense.numel()];
        dense.data_ptr_float().get(values);
        return values;
    }

    static long[] integers(Tensor tensor) {
        Tensor dense = tensor.contiguous();
        var values = new long[(int) dense.numel()];
        dense.data_ptr_long().get(values);
        return values;
    }
}
