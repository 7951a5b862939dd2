package dev.tandem.cuda;

import dev.tandem.cuda.Matmul.Epilogue;
import dev.tandem.cuda.Matmul.Matrix;
import dev.tandem.cuda.MatmulLibrary.Call;
import dev.tandem.cuda.MatmulLibrary.Operands;
import dev.tandem.engine.Bf16;
import dev.tandem.engine.ElementType;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.cuda.cudart.CUstream_st;

/// Runs products through the bindings of cuBLASLt and compares their bits with those of [HostMatmuls], for tests
/// that need a process of their own.
final class CublasLtMain {
    private static final int N = 10;
    private static final int OUT = 24;
    private static final int IN = 9;
    private static final int BATCH = 3;

    private CublasLtMain() {}

    /// A driver that has nothing to say.
    private static final class QuietDriver implements DriverWork {
        @Override
        public void enter(String call) {}

        @Override
        public void enqueued(String name) {}

        @Override
        public void check(String call, int code) {
            if (code != 0) {
                throw new IllegalStateException("%s gave %d".formatted(call, code));
            }
        }
    }

    public static void main(String[] arguments) {
        // the bindings look for the driver by its name only, which is that of a library that is loaded
        for (Path folder : Settings.read().libraries()) {
            if (Files.exists(folder.resolve("libcuda.so.1"))) {
                System.load(folder.resolve("libcuda.so.1").toString());
            }
        }
        Bindings.loaded();
        String failure = CublasLt.failure().orElse("");
        System.out.println("cuBLASLt: " + (failure.isEmpty() ? "usable" : failure));
        if (!failure.isEmpty()) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            var library = new CublasLt(new QuietDriver(), new CUstream_st(), "no GPU");
            System.out.println(library.identity());
            for (Matmul matmul : products()) {
                System.out.println((agrees(library, matmul, arena) ? "same " : "other ") + matmul.key());
            }
            Matmul refused = Matmul.backward(ElementType.F32, N, OUT, 13, 1);
            int living = living(arena);
            for (int trial = 0; trial < 8; trial++) {
                library.candidates(products().getFirst(), 8)
                        .forEach(each -> library.prepare(products().getFirst(), each));
            }
            System.out.println("kept by trials: " + (living(arena) - living));
            System.out.println("refused: " + library.candidates(refused, 8));
            System.out.println("foreign: " + library.prepare(products().getFirst(), HostMatmuls.algorithm(1)));
            System.out.println("time: " + library.milliseconds(() -> {}));
            library.close();
            System.out.println("left: " + living(arena));
        }
    }

    /// The objects of the library that nobody has destroyed.
    private static int living(Arena arena) {
        int living = 0;
        for (Path folder : Settings.read().libraries()) {
            for (String name : List.of("libcuda.so.1", "libcublasLt.so.13")) {
                var symbol =
                        SymbolLookup.libraryLookup(folder.resolve(name), arena).findOrThrow("stub_living");
                var function =
                        Linker.nativeLinker().downcallHandle(symbol, FunctionDescriptor.of(ValueLayout.JAVA_INT));
                try {
                    living += (int) function.invokeExact();
                } catch (Throwable e) {
                    throw new IllegalStateException(e);
                }
            }
        }
        return living;
    }

    private static List<Matmul> products() {
        List<Matmul> products = new ArrayList<>();
        for (ElementType type : List.of(ElementType.F32, ElementType.BF16)) {
            for (Epilogue epilogue : Epilogue.values()) {
                products.add(Matmul.forward(type, type, N, OUT, IN, BATCH, epilogue));
            }
            products.add(Matmul.forward(type, ElementType.F32, N, OUT, IN, 1, Epilogue.BIAS));
            products.add(Matmul.backward(type, N, OUT, IN, BATCH));
            products.add(Matmul.gradient(type, N, OUT, IN, BATCH));
        }
        return products;
    }

    private static boolean agrees(CublasLt library, Matmul matmul, Arena arena) {
        MatmulAlgorithm algorithm = library.candidates(matmul, 8).getLast();
        Call bound = library.prepare(matmul, algorithm).orElseThrow();
        Call host =
                HostMatmuls.right().prepare(matmul, HostMatmuls.algorithm(0)).orElseThrow();
        MemorySegment workspace = arena.allocate(MatmulLibrary.WORKSPACE_BYTES, 256);
        boolean same = true;
        // twice, as the places of operands change between runs
        for (int run = 0; run < 2; run++) {
            Operands found = operands(matmul, run, arena);
            Operands wanted = operands(matmul, run, arena);
            same &= bound.run(found, address(workspace)) && host.run(wanted, address(workspace));
            same &= bits(matmul, found.d()).mismatch(bits(matmul, wanted.d())) < 0;
            same &= !matmul.epilogue().saves()
                    || bits(matmul, found.saved()).mismatch(bits(matmul, wanted.saved())) < 0;
        }
        return same;
    }

    private static MemorySegment bits(Matmul matmul, DeviceAddress results) {
        return MemorySegment.ofAddress(results.value()).reinterpret(matmul.resultBytes());
    }

    private static Operands operands(Matmul matmul, int seed, Arena arena) {
        Matrix d = matmul.d();
        return new Operands(
                filled(matmul.a(), matmul.batch(), 10 + seed, arena),
                filled(matmul.b(), matmul.batch(), 20 + seed, arena),
                filled(d, matmul.batch(), 30 + seed, arena),
                matmul.epilogue().adds()
                        ? filled(new Matrix(d.type(), d.rows(), 1), matmul.batch(), 40 + seed, arena)
                        : DeviceAddress.NONE,
                matmul.epilogue().saves() ? filled(d, matmul.batch(), 50 + seed, arena) : DeviceAddress.NONE);
    }

    private static DeviceAddress filled(Matrix matrix, int batch, int seed, Arena arena) {
        var random = new SplittableRandom(seed);
        long count = batch * matrix.elements();
        MemorySegment memory = arena.allocate(count * matrix.type().bytes(), 256);
        for (long i = 0; i < count; i++) {
            float value = (float) random.nextGaussian();
            if (matrix.type() == ElementType.BF16) {
                memory.setAtIndex(ValueLayout.JAVA_SHORT, i, Bf16.of(value));
            } else {
                memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
            }
        }
        return address(memory);
    }

    private static DeviceAddress address(MemorySegment memory) {
        return new DeviceAddress(memory.address());
    }
}
