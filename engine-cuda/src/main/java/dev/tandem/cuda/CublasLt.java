package dev.tandem.cuda;

import dev.tandem.cuda.Matmul.Matrix;
import dev.tandem.engine.DeviceException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerPointer;

/// cuBLASLt on one stream, through JavaCPP's bindings. Only this class and [CublasLtProduct] name them, so that
/// nothing else fails to link where the library is absent.
///
/// Sums are kept in F32 (`CUBLAS_COMPUTE_32F`, which never multiplies F32 as TF32). Algorithms that cut a sum in
/// parts add them in the workspace in F32 and a fixed order; those that add in the results are not asked for.
final class CublasLt implements MatmulLibrary {
    private static final long OLDEST = 130_000;
    private static final long TOO_NEW = 140_000;
    private static final int ALGORITHM_WORDS = MatmulAlgorithm.BYTES / Long.BYTES;

    private final DriverWork driver;
    private final CUstream_st stream;
    private final String gpu;
    private final cublasLtContext handle = new cublasLtContext();
    private final CUevent_st begun = new CUevent_st();
    private final CUevent_st ended = new CUevent_st();
    // of all algorithms: a trial makes many calls of one product, of which one stays
    private final Map<Matmul, CublasLtProduct> products = new HashMap<>();

    private static final class Loaded {
        static final Optional<String> FAILURE = load();
    }

    /// @param gpu its name and architecture
    CublasLt(DriverWork driver, CUstream_st stream, String gpu) {
        this.driver = driver;
        this.stream = stream;
        this.gpu = gpu;
        check("cublasLtCreate", cublas.cublasLtCreate(handle));
        driver.check("cuEventCreate", cudart.cuEventCreate(begun, cudart.CU_EVENT_DEFAULT));
        driver.check("cuEventCreate", cudart.cuEventCreate(ended, cudart.CU_EVENT_DEFAULT));
    }

    /// Why the library cannot be used, empty if it can. Loads it, once.
    ///
    /// Before, [Bindings] must have found the libraries.
    static Optional<String> failure() {
        return Loaded.FAILURE;
    }

    private static Optional<String> load() {
        try {
            Loader.load(cublas.class);
            long version = cublas.cublasLtGetVersion();
            boolean fits = version >= OLDEST && version < TOO_NEW;
            return fits
                    ? Optional.empty()
                    : Optional.of("cuBLASLt is version %s: install that of CUDA 13".formatted(words(version)));
        } catch (LinkageError e) {
            return Bindings.absent("jnicublas")
                    .or(() -> Optional.of(
                            ("cuBLAS does not load (%s): install libcublasLt.so.13 and libcublas.so.13, or name their"
                                            + " folder by -Dtandem.cuda.libraries")
                                    .formatted(Bindings.innermost(e))));
        }
    }

    private static String words(long version) {
        return "%d.%d.%d".formatted(version / 10_000, version % 10_000 / 100, version % 100);
    }

    static void check(String call, int status) {
        if (status != cublas.CUBLAS_STATUS_SUCCESS) {
            throw new DeviceException(
                    call,
                    status,
                    "a product by cuBLASLt",
                    cublas.cublasLtGetStatusString(status).getString());
        }
    }

    @Override
    public String description() {
        return "cuBLASLt " + words(cublas.cublasLtGetVersion());
    }

    @Override
    public String identity() {
        return "%s, %s".formatted(gpu, description());
    }

    @Override
    public List<MatmulAlgorithm> candidates(Matmul matmul, int most) {
        driver.enter("cublasLtMatmulAlgoGetHeuristic");
        var preference = new PointerPointer<cublasLtMatmulPreferenceOpaque_t>(1);
        int[] count = new int[1];
        CublasLtProduct product = product(matmul);
        try (var results = new cublasLtMatmulHeuristicResult_t(most)) {
            check("cublasLtMatmulPreferenceCreate", cublas.cublasLtMatmulPreferenceCreate(preference));
            var wanted = preference.get(cublasLtMatmulPreferenceOpaque_t.class);
            prefer(wanted);
            int status = product.heuristic(handle, wanted, most, results, count);
            check("cublasLtMatmulPreferenceDestroy", cublas.cublasLtMatmulPreferenceDestroy(wanted));
            if (status == cublas.CUBLAS_STATUS_NOT_SUPPORTED || status == cublas.CUBLAS_STATUS_INVALID_VALUE) {
                return List.of();
            }
            check("cublasLtMatmulAlgoGetHeuristic", status);
            List<MatmulAlgorithm> found = new ArrayList<>();
            for (int i = 0; i < count[0]; i++) {
                cublasLtMatmulHeuristicResult_t result = results.getPointer(i);
                if (result.state() == cublas.CUBLAS_STATUS_SUCCESS && result.workspaceSize() <= WORKSPACE_BYTES) {
                    found.add(algorithm(result.algo()));
                }
            }
            return found;
        } finally {
            preference.close();
        }
    }

    private static void prefer(cublasLtMatmulPreferenceOpaque_t preference) {
        try (var bytes = new LongPointer(1).put(WORKSPACE_BYTES);
                var number = new IntPointer(1)) {
            check(
                    "cublasLtMatmulPreferenceSetAttribute",
                    cublas.cublasLtMatmulPreferenceSetAttribute(
                            preference, cublas.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, bytes, Long.BYTES));
            prefer(
                    preference,
                    cublas.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                    number.put(cublas.CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
            number.put(ALIGNMENT);
            prefer(preference, cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, number);
            prefer(preference, cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, number);
            prefer(preference, cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, number);
            prefer(preference, cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, number);
        }
    }

    private static void prefer(cublasLtMatmulPreferenceOpaque_t preference, int attribute, IntPointer value) {
        check(
                "cublasLtMatmulPreferenceSetAttribute",
                cublas.cublasLtMatmulPreferenceSetAttribute(preference, attribute, value, Integer.BYTES));
    }

    private static MatmulAlgorithm algorithm(cublasLtMatmulAlgo_t algorithm) {
        ByteBuffer bytes = ByteBuffer.allocate(MatmulAlgorithm.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < ALGORITHM_WORDS; i++) {
            bytes.putLong(algorithm.data(i));
        }
        return new MatmulAlgorithm(HexFormat.of().formatHex(bytes.array()));
    }

    private static cublasLtMatmulAlgo_t algorithm(MatmulAlgorithm algorithm) {
        ByteBuffer bytes =
                ByteBuffer.wrap(HexFormat.of().parseHex(algorithm.digits())).order(ByteOrder.LITTLE_ENDIAN);
        var words = new cublasLtMatmulAlgo_t();
        for (int i = 0; i < ALGORITHM_WORDS; i++) {
            words.data(i, bytes.getLong());
        }
        return words;
    }

    @Override
    public Optional<Call> prepare(Matmul matmul, MatmulAlgorithm algorithm) {
        driver.enter("cublasLtMatmulAlgoCheck");
        CublasLtProduct product = product(matmul);
        cublasLtMatmulAlgo_t words = algorithm(algorithm);
        if (!product.takes(handle, words)) {
            return Optional.empty();
        }
        String name = "product " + matmul.key();
        return Optional.of((operands, workspace) -> {
            driver.enter(name);
            boolean done = product.run(handle, words, operands, workspace, stream);
            driver.enqueued(name);
            return done;
        });
    }

    private CublasLtProduct product(Matmul matmul) {
        return products.computeIfAbsent(matmul, CublasLtProduct::new);
    }

    @Override
    public float milliseconds(Runnable enqueues) {
        float[] time = new float[1];
        driver.check("cuEventRecord", cudart.cuEventRecord(begun, stream));
        enqueues.run();
        driver.check("cuEventRecord", cudart.cuEventRecord(ended, stream));
        driver.check("cuEventSynchronize", cudart.cuEventSynchronize(ended));
        driver.check("cuEventElapsedTime", cudart.cuEventElapsedTime(time, begun, ended));
        return time[0];
    }

    /// Nothing is checked: the device may have failed, and the context goes anyway.
    @Override
    public void close() {
        products.values().forEach(CublasLtProduct::close);
        cudart.cuEventDestroy(begun);
        cudart.cuEventDestroy(ended);
        cublas.cublasLtDestroy(handle);
    }

    /// A type as the library numbers it.
    static int type(Matrix matrix) {
        return switch (matrix.type()) {
            case F32 -> cudart.CUDA_R_32F;
            case BF16 -> cudart.CUDA_R_16BF;
            case I32, Q8 -> throw new IllegalArgumentException("products are of floats, not " + matrix.type());
        };
    }
}
