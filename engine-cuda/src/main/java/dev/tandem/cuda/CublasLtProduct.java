package dev.tandem.cuda;

import dev.tandem.cuda.Matmul.Epilogue;
import dev.tandem.cuda.Matmul.Matrix;
import dev.tandem.cuda.MatmulLibrary.Operands;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerPointer;

/// A [Matmul] as cuBLASLt's descriptors, made once and run many times. Running allocates nothing.
final class CublasLtProduct implements AutoCloseable {
    private final Matmul matmul;
    private final cublasLtMatmulDescOpaque_t description;
    private final cublasLtMatrixLayoutOpaque_t a;
    private final cublasLtMatrixLayoutOpaque_t b;
    private final cublasLtMatrixLayoutOpaque_t d;
    private final FloatPointer one = new FloatPointer(1).put(1);
    private final FloatPointer beta = new FloatPointer(1);
    private final LongPointer place = new LongPointer(1);
    private final NativeAddress addressA = new NativeAddress(0);
    private final NativeAddress addressB = new NativeAddress(0);
    private final NativeAddress addressD = new NativeAddress(0);
    private final NativeAddress addressWorkspace = new NativeAddress(0);

    CublasLtProduct(Matmul matmul) {
        this.matmul = matmul;
        beta.put(matmul.accumulates() ? 1 : 0);
        description = description(matmul);
        a = layout(matmul.a());
        b = layout(matmul.b());
        d = layout(matmul.d());
        // the library looks at the alignment of what an epilogue reads before there are operands
        var aligned = new DeviceAddress(MatmulLibrary.ALIGNMENT);
        point(new Operands(aligned, aligned, aligned, aligned, aligned));
    }

    private static cublasLtMatmulDescOpaque_t description(Matmul matmul) {
        try (var made = new PointerPointer<cublasLtMatmulDescOpaque_t>(1)) {
            CublasLt.check(
                    "cublasLtMatmulDescCreate",
                    cublas.cublasLtMatmulDescCreate(made, cublas.CUBLAS_COMPUTE_32F, cudart.CUDA_R_32F));
            var description = made.get(cublasLtMatmulDescOpaque_t.class);
            set(description, cublas.CUBLASLT_MATMUL_DESC_TRANSA, transposition(matmul.turnsA()));
            set(description, cublas.CUBLASLT_MATMUL_DESC_TRANSB, transposition(matmul.turnsB()));
            set(description, cublas.CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue(matmul.epilogue()));
            long rows = matmul.d().rows();
            if (matmul.epilogue().saves()) {
                setLong(description, cublas.CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, rows);
            }
            if (matmul.batch() > 1) { // fewer algorithms may take strides, and one product has no use for them
                setStrides(description, matmul);
            }
            return description;
        }
    }

    private static void setStrides(cublasLtMatmulDescOpaque_t description, Matmul matmul) {
        if (matmul.epilogue().adds()) {
            long rows = matmul.d().rows();
            setLong(description, cublas.CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE, rows);
        }
        if (matmul.epilogue().saves()) {
            long elements = matmul.d().elements();
            setLong(description, cublas.CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE, elements);
        }
    }

    private static int transposition(boolean turned) {
        return turned ? cublas.CUBLAS_OP_T : cublas.CUBLAS_OP_N;
    }

    private static int epilogue(Epilogue epilogue) {
        return switch (epilogue) {
            case NONE -> cublas.CUBLASLT_EPILOGUE_DEFAULT;
            case BIAS -> cublas.CUBLASLT_EPILOGUE_BIAS;
            case GELU -> cublas.CUBLASLT_EPILOGUE_GELU;
            case GELU_BIAS -> cublas.CUBLASLT_EPILOGUE_GELU_BIAS;
            case GELU_SAVED -> cublas.CUBLASLT_EPILOGUE_GELU_AUX;
            case GELU_SAVED_BIAS -> cublas.CUBLASLT_EPILOGUE_GELU_AUX_BIAS;
        };
    }

    private static void set(cublasLtMatmulDescOpaque_t description, int attribute, int value) {
        try (var number = new IntPointer(1).put(value)) {
            CublasLt.check(
                    "cublasLtMatmulDescSetAttribute",
                    cublas.cublasLtMatmulDescSetAttribute(description, attribute, number, Integer.BYTES));
        }
    }

    private static void setLong(cublasLtMatmulDescOpaque_t description, int attribute, long value) {
        try (var number = new LongPointer(1).put(value)) {
            CublasLt.check(
                    "cublasLtMatmulDescSetAttribute",
                    cublas.cublasLtMatmulDescSetAttribute(description, attribute, number, Long.BYTES));
        }
    }

    private cublasLtMatrixLayoutOpaque_t layout(Matrix matrix) {
        try (var made = new PointerPointer<cublasLtMatrixLayoutOpaque_t>(1);
                var batch = new IntPointer(1).put(matmul.batch());
                var stride = new LongPointer(1).put(matrix.elements())) {
            CublasLt.check(
                    "cublasLtMatrixLayoutCreate",
                    cublas.cublasLtMatrixLayoutCreate(
                            made, CublasLt.type(matrix), matrix.rows(), matrix.columns(), matrix.rows()));
            var layout = made.get(cublasLtMatrixLayoutOpaque_t.class);
            CublasLt.check(
                    "cublasLtMatrixLayoutSetAttribute",
                    cublas.cublasLtMatrixLayoutSetAttribute(
                            layout, cublas.CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, batch, Integer.BYTES));
            CublasLt.check(
                    "cublasLtMatrixLayoutSetAttribute",
                    cublas.cublasLtMatrixLayoutSetAttribute(
                            layout, cublas.CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, stride, Long.BYTES));
            return layout;
        }
    }

    /// Asks for algorithms.
    ///
    /// @return the library's status
    int heuristic(
            cublasLtContext handle,
            cublasLtMatmulPreferenceOpaque_t preference,
            int most,
            cublasLtMatmulHeuristicResult_t results,
            int[] count) {
        return cublas.cublasLtMatmulAlgoGetHeuristic(handle, description, a, b, d, d, preference, most, results, count);
    }

    /// Whether an algorithm is one for this product and the workspace.
    boolean takes(cublasLtContext handle, cublasLtMatmulAlgo_t algorithm) {
        try (var result = new cublasLtMatmulHeuristicResult_t()) {
            int status = cublas.cublasLtMatmulAlgoCheck(handle, description, a, b, d, d, algorithm, result);
            return status == cublas.CUBLAS_STATUS_SUCCESS && result.workspaceSize() <= MatmulLibrary.WORKSPACE_BYTES;
        }
    }

    /// Enqueues a run.
    ///
    /// @return false if the library refuses; nothing is enqueued then
    boolean run(
            cublasLtContext handle,
            cublasLtMatmulAlgo_t algorithm,
            Operands operands,
            DeviceAddress workspace,
            CUstream_st stream) {
        point(operands);
        int status = cublas.cublasLtMatmul(
                handle,
                description,
                one,
                addressA.at(operands.a()),
                a,
                addressB.at(operands.b()),
                b,
                beta,
                addressD.at(operands.d()),
                d,
                addressD,
                d,
                algorithm,
                addressWorkspace.at(workspace),
                MatmulLibrary.WORKSPACE_BYTES,
                stream);
        if (status == cublas.CUBLAS_STATUS_NOT_SUPPORTED || status == cublas.CUBLAS_STATUS_INVALID_VALUE) {
            return false;
        }
        CublasLt.check("cublasLtMatmul", status);
        return true;
    }

    private void point(Operands operands) {
        if (matmul.epilogue().adds()) {
            point(cublas.CUBLASLT_MATMUL_DESC_BIAS_POINTER, operands.bias());
        }
        if (matmul.epilogue().saves()) {
            point(cublas.CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, operands.saved());
        }
    }

    private void point(int attribute, DeviceAddress address) {
        place.put(address.value());
        CublasLt.check(
                "cublasLtMatmulDescSetAttribute",
                cublas.cublasLtMatmulDescSetAttribute(description, attribute, place, Long.BYTES));
    }

    @Override
    public void close() {
        cublas.cublasLtMatmulDescDestroy(description);
        cublas.cublasLtMatrixLayoutDestroy(a);
        cublas.cublasLtMatrixLayoutDestroy(b);
        cublas.cublasLtMatrixLayoutDestroy(d);
        one.close();
        beta.close();
        place.close();
    }
}
