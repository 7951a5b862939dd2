package dev.tandem.bench.peer;

import dev.tandem.engine.kernel.GeluForm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.mkl.global.mkl_rt;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// What calculations by libtorch share.
final class Torch {
    // libtorch's jar is linked to OpenBLAS. MKL takes its place on Intel's processors; on AMD's
    // it has at most the speed of OpenBLAS, half of it on Zen 5.
    private static final boolean MKL = intel();

    private static final List<String> FLAGS = MKL ? List.of("-Dorg.bytedeco.openblas.load=mkl_rt") : List.of();

    // One OpenMP runtime for libtorch and MKL, or two pools fight for the processors; OpenBLAS has
    // threads of its own, which need those that OpenMP's would spin on.
    private static final Map<String, String> THREADS =
            MKL ? Map.of("MKL_THREADING_LAYER", "GNU") : Map.of("GOMP_SPINCOUNT", "1000");

    // Large results are freed and allocated again by every call. Kept by the allocator, their pages
    // need not be cleared each time, as with the allocators that libtorch's users are told to use.
    private static final Map<String, String> ALLOCATOR = Map.of(
            "MALLOC_ARENA_MAX", "1",
            "MALLOC_MMAP_MAX_", "0",
            "MALLOC_TRIM_THRESHOLD_", String.valueOf(1L << 40),
            "MALLOC_TOP_PAD_", String.valueOf(1 << 26));

    private Torch() {}

    /// A way to answer with libtorch.
    static Entrant entrant(String way, Entrant.Opening opening) {
        var environment = new HashMap<>(ALLOCATOR);
        environment.putAll(THREADS);
        return new Entrant(("libtorch " + way).strip(), FLAGS, environment, 0, opening);
    }

    private static boolean intel() {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.anyMatch(line -> line.endsWith("GenuineIntel"));
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }

    /// Loads the library.
    ///
    /// @throws LinkageError if that cannot be done here
    static void load(Setting setting) {
        if (MKL) {
            Loader.load(mkl_rt.class);
        }
        torch.set_num_threads(setting.threads());
    }

    static String version() {
        String version = Artifact.version(torch.class);
        return MKL ? version + " on MKL " + Artifact.version(mkl_rt.class) : version + " on the OpenBLAS of its jar";
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

    /// A linear layer. Libraries have a kernel for one row, but use it for vectors only.
    ///
    /// @param x `[N, in]`
    /// @param weight `[out, in]`
    /// @param bias `[out]`
    static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return isRow(x)
                ? torch.addmv(bias, weight, x.reshape(-1)).unsqueeze(0)
                : torch.linear(x, weight, optional(bias));
    }

    /// The same without a bias.
    static Tensor linear(Tensor x, Tensor weight) {
        return isRow(x) ? weight.mv(x.reshape(-1)).unsqueeze(0) : torch.linear(x, weight);
    }

    private static boolean isRow(Tensor x) {
        return x.dim() == 2 && x.size(0) == 1;
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
