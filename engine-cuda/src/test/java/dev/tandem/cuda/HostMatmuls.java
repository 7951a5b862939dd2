package dev.tandem.cuda;

import dev.tandem.cuda.Matmul.Matrix;
import dev.tandem.engine.Bf16;
import dev.tandem.engine.ElementType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/// A library that computes on the processor what it is asked for, from the description alone: column-major
/// matrices, transposition, batch, epilogue, types. It knows nothing of rows, layers or experts.
///
/// Its algorithms are numbers. By default there are two that are right; others have a fault.
final class HostMatmuls implements MatmulLibrary {
    /// What an algorithm does.
    enum Kind {
        RIGHT,
        /// The last column of the last matrix is not written.
        SHORT,
        /// Overwrites where it ought to accumulate, and forgets biases.
        FORGETFUL,
        /// F32 is multiplied as if it had the 10 bits of TF32.
        COARSE,
        /// Is no algorithm of this library when it is to be made ready.
        FOREIGN,
        /// Refuses when it is run.
        REFUSING,
        /// Must not be run: whoever does has found a right one wrong.
        LAST_RESORT
    }

    /// What was asked, in order.
    final List<String> asked = new ArrayList<>();

    private final Predicate<Matmul> supported;
    private final List<Kind> kinds;
    private final List<Float> times;
    private final String version;

    HostMatmuls(Predicate<Matmul> supported, List<Kind> kinds, List<Float> times, String version) {
        this.supported = supported;
        this.kinds = List.copyOf(kinds);
        this.times = List.copyOf(times);
        this.version = version;
    }

    static HostMatmuls right() {
        return of(Kind.RIGHT, Kind.RIGHT);
    }

    /// One that is right, and does not let its results be found wrong unnoticed.
    static HostMatmuls strict() {
        return of(Kind.RIGHT, Kind.LAST_RESORT);
    }

    static HostMatmuls of(Kind... kinds) {
        return new HostMatmuls(matmul -> true, List.of(kinds), List.of(), "1");
    }

    static HostMatmuls refusing() {
        return new HostMatmuls(matmul -> false, List.of(), List.of(), "1");
    }

    /// One that supports some products only.
    static HostMatmuls supporting(Predicate<Matmul> supported) {
        return new HostMatmuls(supported, List.of(Kind.RIGHT), List.of(), "1");
    }

    /// How often each product was run by each algorithm.
    Map<String, Integer> runs() {
        Map<String, Integer> runs = new TreeMap<>();
        asked.stream().filter(line -> line.startsWith("run ")).forEach(line -> runs.merge(line, 1, Integer::sum));
        return runs;
    }

    static MatmulAlgorithm algorithm(int number) {
        return new MatmulAlgorithm("%0128x".formatted(number));
    }

    @Override
    public String description() {
        return "products of the processor, version " + version;
    }

    @Override
    public String identity() {
        return description();
    }

    @Override
    public List<MatmulAlgorithm> candidates(Matmul matmul, int most) {
        asked.add("candidates " + matmul.key());
        List<MatmulAlgorithm> candidates = new ArrayList<>();
        for (int i = 0; i < kinds.size() && i < most && supported.test(matmul); i++) {
            candidates.add(algorithm(i));
        }
        return candidates;
    }

    @Override
    public Optional<Call> prepare(Matmul matmul, MatmulAlgorithm algorithm) {
        int number = Integer.parseInt(algorithm.digits().substring(100), 16);
        if (number >= kinds.size() || kinds.get(number) == Kind.FOREIGN) {
            return Optional.empty();
        }
        return Optional.of((operands, workspace) -> {
            asked.add("run %d %s".formatted(number, matmul.key()));
            require(operands.aligned(), "aligned operands");
            require(workspace.value() % MatmulLibrary.ALIGNMENT == 0, "an aligned workspace");
            if (kinds.get(number) == Kind.LAST_RESORT) {
                throw new IllegalArgumentException("HostMatmuls: found wrong: " + matmul.key());
            }
            // all of the workspace is the library's to write
            at(workspace, WORKSPACE_BYTES).fill((byte) number);
            if (kinds.get(number) == Kind.REFUSING) {
                return false;
            }
            compute(matmul, operands, kinds.get(number));
            return true;
        });
    }

    private static void compute(Matmul matmul, Operands operands, Kind kind) {
        boolean adds = matmul.epilogue().adds();
        boolean saves = matmul.epilogue().saves();
        require(adds != operands.bias().equals(DeviceAddress.NONE), "a bias where the epilogue has one");
        require(saves != operands.saved().equals(DeviceAddress.NONE), "room to save where the epilogue does");
        require(!saves || matmul.d().rows() % 8 == 0, "a leading dimension of what is saved that 8 divides");
        Matrix d = matmul.d();
        for (int batch = 0; batch < matmul.batch(); batch++) {
            float[] a = read(matmul.a(), operands.a(), batch, kind);
            float[] b = read(matmul.b(), operands.b(), batch, kind);
            float[] bias = adds ? read(new Matrix(d.type(), d.rows(), 1), operands.bias(), batch, kind) : new float[0];
            float[] before = matmul.accumulates() ? read(d, operands.d(), batch, Kind.RIGHT) : new float[0];
            int columns = kind == Kind.SHORT && batch == matmul.batch() - 1 ? d.columns() - 1 : d.columns();
            for (int column = 0; column < columns; column++) {
                for (int row = 0; row < d.rows(); row++) {
                    int i = column * d.rows() + row;
                    float sum = (float) sum(matmul, a, b, row, column);
                    sum += adds && kind != Kind.FORGETFUL ? bias[row] : 0;
                    if (saves) {
                        write(d, operands.saved(), batch, i, sum);
                    }
                    float value = matmul.epilogue().activates() ? gelu(sum) : sum;
                    write(d, operands.d(), batch, i, value + old(before, i, kind));
                }
            }
        }
    }

    private static float old(float[] before, int i, Kind kind) {
        return before.length == 0 || kind == Kind.FORGETFUL ? 0 : before[i];
    }

    private static double sum(Matmul matmul, float[] a, float[] b, int row, int column) {
        double sum = 0;
        for (int k = 0; k < matmul.depth(); k++) {
            int left = matmul.turnsA()
                    ? row * matmul.a().rows() + k
                    : k * matmul.a().rows() + row;
            int right = matmul.turnsB()
                    ? k * matmul.b().rows() + column
                    : column * matmul.b().rows() + k;
            sum += (double) a[left] * b[right];
        }
        return sum;
    }

    private static float gelu(float x) {
        return (float) (0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))));
    }

    private static float[] read(Matrix matrix, DeviceAddress address, int batch, Kind kind) {
        int count = Math.toIntExact(matrix.elements());
        MemorySegment memory = matrixAt(matrix, address, batch);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = matrix.type() == ElementType.BF16
                    ? Bf16.value(memory.getAtIndex(ValueLayout.JAVA_SHORT, i))
                    : memory.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            if (kind == Kind.COARSE) {
                values[i] = Float.intBitsToFloat(Float.floatToRawIntBits(values[i]) & 0xFFFFE000);
            }
        }
        return values;
    }

    private static void write(Matrix matrix, DeviceAddress address, int batch, int i, float value) {
        MemorySegment memory = matrixAt(matrix, address, batch);
        if (matrix.type() == ElementType.BF16) {
            memory.setAtIndex(ValueLayout.JAVA_SHORT, i, Bf16.of(value));
        } else {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
    }

    private static MemorySegment matrixAt(Matrix matrix, DeviceAddress address, int batch) {
        long bytes = matrix.elements() * matrix.type().bytes();
        return at(address.plus(batch * bytes), bytes);
    }

    private static MemorySegment at(DeviceAddress address, long bytes) {
        return MemorySegment.ofAddress(address.value()).reinterpret(bytes);
    }

    private static void require(boolean kept, String what) {
        if (!kept) {
            throw new IllegalStateException("the library wants " + what);
        }
    }

    @Override
    public float milliseconds(Runnable enqueues) {
        asked.add("time");
        enqueues.run();
        String last = asked.getLast();
        int number = Integer.parseInt(last.split(" ", -1)[1]);
        return number < times.size() ? times.get(number) : number;
    }

    @Override
    public void close() {
        asked.add("close");
    }
}
