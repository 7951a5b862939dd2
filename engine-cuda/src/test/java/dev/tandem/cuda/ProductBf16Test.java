package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.cuda.Bf16Products.Product;
import dev.tandem.cuda.Bf16Products.Weight;
import dev.tandem.engine.Bf16;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The kernels of BF16 on tensor cores, without the operations that launch them, against sums in F64. Experts
/// of 130, no and 21 rows, with a row that nobody owns behind each.
final class ProductBf16Test {
    private static final int TILE = 128;
    private static final int THREADS = 256;
    private static final int SHARED_BYTES = 3 * 2 * 128 * (32 + 8) * Short.BYTES;
    private static final int K = 2;
    private static final int TOKENS = 60;
    private static final UnevenExperts EXPERTS = new UnevenExperts(TOKENS * K, 130, 0, 21);
    private static final int E = EXPERTS.E();
    private static final int R = EXPERTS.R();
    private static final int TANH = 2;
    private static final double ROUNDING = 0x1p-8;
    private static final double SUM_ERROR = 1e-4;

    private final SplittableRandom random = new SplittableRandom(42);
    private final int[] expertOf = EXPERTS.expertOf();
    private final int[] choiceOf = EXPERTS.choiceOf();

    /// Schedules with sizes that 16-byte copies can take, and some that they cannot.
    static Stream<Arguments> schedulesAndSizes() {
        return Stream.of(Schedule.FORWARD, Schedule.REVERSED_GREEDY, Schedule.RANDOM)
                .flatMap(schedule -> Stream.of(Arguments.of(schedule, 72, 136), Arguments.of(schedule, 101, 37)));
    }

    @ParameterizedTest(name = "{0}, C={1} F={2}")
    @MethodSource("schedulesAndSizes")
    void forwardGathersAndActivates(Schedule schedule, int C, int F) {
        float[] x = values(TOKENS * C);
        float[] up = values(E * F * C);
        float[] bias = values(E * F);
        try (var memory = new ShimMemory(schedule)) {
            DeviceAddress y = memory.allocate((long) R * F * Short.BYTES);
            DeviceAddress saved = memory.allocate((long) R * F * Short.BYTES);
            var product = new Product(
                    y,
                    saved,
                    memory.bf16(x),
                    memory.bf16(up),
                    memory.floats(bias),
                    plan(memory),
                    memory.integers(choiceOf),
                    memory.queue().complaint(),
                    R,
                    F,
                    C,
                    K,
                    TOKENS * K,
                    TANH);
            launch(memory, "product_forward_bf16", product);

            double[] wanted = new double[R * F];
            each(F, (r, f, e) -> {
                double sum = bias[e * F + f];
                for (int c = 0; c < C; c++) {
                    sum += (double) x[choiceOf[r] / K * C + c] * up[(e * F + f) * C + c];
                }
                wanted[r * F + f] = sum;
            });
            assertRows(memory.bf16At(saved, R * F), wanted, F);
            assertRows(
                    memory.bf16At(y, R * F),
                    Arrays.stream(wanted).map(ProductBf16Test::gelu).toArray(),
                    F);
        }
    }

    @ParameterizedTest(name = "{0}, C={1} F={2}")
    @MethodSource("schedulesAndSizes")
    void aDenseProductHasNoPlan(Schedule schedule, int C, int F) {
        float[] x = values(R * C);
        float[] weight = values(F * C);
        try (var memory = new ShimMemory(schedule)) {
            DeviceAddress y = memory.allocate((long) R * F * Short.BYTES);
            var product = new Product(
                    y,
                    DeviceAddress.NONE,
                    memory.bf16(x),
                    memory.bf16(weight),
                    DeviceAddress.NONE,
                    DeviceAddress.NONE,
                    DeviceAddress.NONE,
                    memory.queue().complaint(),
                    R,
                    F,
                    C,
                    1,
                    0,
                    RowProducts.IDENTITY);
            memory.queue()
                    .kernel("product_bf16.cu", "product_forward_bf16", Product.class)
                    .launch(
                            Grid.of(Math.ceilDiv(R, TILE) * Math.ceilDiv(F, TILE), THREADS)
                                    .shared(SHARED_BYTES),
                            product);

            double[] wanted = new double[R * F];
            for (int i = 0; i < wanted.length; i++) {
                for (int c = 0; c < C; c++) {
                    wanted[i] += (double) x[i / F * C + c] * weight[i % F * C + c];
                }
            }
            assertClose(memory.bf16At(y, R * F), wanted, ROUNDING, i -> true);
        }
    }

    @ParameterizedTest(name = "{0}, C={1} F={2}")
    @MethodSource("schedulesAndSizes")
    void backwardGoesThroughTheWeightAndTheActivation(Schedule schedule, int C, int F) {
        float[] dy = owned(values(R * C), C);
        float[] down = values(E * C * F);
        float[] pre = values(R * F);
        double[] wanted = new double[R * F];
        each(F, (r, f, e) -> {
            for (int c = 0; c < C; c++) {
                wanted[r * F + f] += (double) dy[r * C + c] * down[(e * C + c) * F + f];
            }
        });
        try (var memory = new ShimMemory(schedule)) {
            DeviceAddress dx = memory.allocate((long) R * F * Short.BYTES);
            DeviceAddress hidden = memory.allocate((long) R * F * Short.BYTES);
            DeviceAddress dPre = memory.bf16(pre);
            DeviceAddress plan = plan(memory);
            var plain = gradient(memory, dx, DeviceAddress.NONE, memory.bf16(dy), memory.bf16(down), plan, F, C);
            launch(memory, "product_backward_bf16", plain);
            var through = gradient(memory, hidden, dPre, plain.x(), plain.weight(), plan, F, C);
            launch(memory, "product_backward_gelu_bf16", through);

            assertRows(memory.bf16At(dx, R * F), wanted, F);
            double[] activated = new double[R * F];
            Arrays.setAll(activated, i -> gelu(pre[i]));
            assertRows(memory.bf16At(hidden, R * F), activated, F);
            Arrays.setAll(activated, i -> wanted[i] * slope(pre[i]));
            assertRows(memory.bf16At(dPre, R * F), activated, F);
        }
    }

    @ParameterizedTest(name = "{0}, C={1} F={2}")
    @MethodSource("schedulesAndSizes")
    void gradientsOfParametersAccumulateInF32(Schedule schedule, int C, int F) {
        float[] dy = owned(values(R * F), F);
        float[] x = values(TOKENS * C);
        float[] dUp = values(E * F * C);
        float[] dBias = values(E * F);
        try (var memory = new ShimMemory(schedule)) {
            DeviceAddress dWeightOut = memory.floats(dUp);
            DeviceAddress dBiasOut = memory.floats(dBias);
            var weight = new Weight(
                    dWeightOut,
                    dBiasOut,
                    memory.bf16(dy),
                    memory.bf16(x),
                    memory.integers(EXPERTS.starts()),
                    memory.integers(EXPERTS.counts()),
                    memory.integers(choiceOf),
                    memory.queue().complaint(),
                    R,
                    F,
                    C,
                    K,
                    TOKENS * K);
            int tiles = Math.ceilDiv(F, TILE) * Math.ceilDiv(C, TILE);
            memory.queue()
                    .kernel("product_bf16.cu", "product_weight_bf16", Weight.class)
                    .launch(new Grid(tiles, 1, E, THREADS, 1, 1, SHARED_BYTES), weight);

            double[] wanted = new double[E * F * C];
            double[] wantedBias = new double[E * F];
            Arrays.setAll(wanted, i -> dUp[i]);
            Arrays.setAll(wantedBias, i -> dBias[i]);
            each(F, (r, f, e) -> {
                wantedBias[e * F + f] += dy[r * F + f];
                for (int c = 0; c < C; c++) {
                    wanted[(e * F + f) * C + c] += (double) dy[r * F + f] * x[choiceOf[r] / K * C + c];
                }
            });
            assertClose(memory.floatsAt(dWeightOut, wanted.length), wanted, 0, i -> true);
            assertClose(memory.floatsAt(dBiasOut, wantedBias.length), wantedBias, 0, i -> true);
        }
    }

    private interface Element {
        void at(int row, int column, int expert);
    }

    private void each(int columns, Element element) {
        for (int r = 0; r < R; r++) {
            for (int column = 0; column < columns && expertOf[r] >= 0; column++) {
                element.at(r, column, expertOf[r]);
            }
        }
    }

    private DeviceAddress plan(ShimMemory memory) {
        DeviceAddress plan = memory.allocate(16L * (1 + R / TILE + E));
        memory.queue()
                .kernel("product.cu", "product_plan", RowProducts.Plan.class)
                .launch(
                        Grid.of(1, THREADS),
                        new RowProducts.Plan(
                                plan,
                                memory.integers(EXPERTS.starts()),
                                memory.integers(EXPERTS.counts()),
                                memory.queue().complaint(),
                                E,
                                R,
                                TILE));
        return plan;
    }

    private static Product gradient(
            ShimMemory memory,
            DeviceAddress y,
            DeviceAddress saved,
            DeviceAddress dy,
            DeviceAddress weight,
            DeviceAddress plan,
            int columns,
            int depth) {
        int form = saved.equals(DeviceAddress.NONE) ? RowProducts.IDENTITY : TANH;
        DeviceAddress none = DeviceAddress.NONE;
        DeviceAddress complaint = memory.queue().complaint();
        return new Product(y, saved, dy, weight, none, plan, none, complaint, R, columns, depth, 1, 0, form);
    }

    private static void launch(ShimMemory memory, String kernel, Product product) {
        int blocks = (R / TILE + E) * Math.ceilDiv(product.columns(), TILE);
        memory.queue()
                .kernel("product_bf16.cu", kernel, Product.class)
                .launch(Grid.of(blocks, THREADS).shared(SHARED_BYTES), product);
    }

    /// Values that BF16 holds exactly.
    private float[] values(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = Bf16.value(Bf16.of((float) random.nextGaussian()));
        }
        return values;
    }

    /// NaN in the rows that nobody owns.
    private float[] owned(float[] values, int columns) {
        for (int i = 0; i < values.length; i++) {
            values[i] = expertOf[i / columns] >= 0 ? values[i] : Float.NaN;
        }
        return values;
    }

    private void assertRows(float[] found, double[] wanted, int columns) {
        assertClose(found, wanted, ROUNDING, i -> expertOf[i / columns] >= 0);
    }

    private static void assertClose(float[] found, double[] wanted, double rounding, IntPredicate judged) {
        for (int i = 0; i < wanted.length; i++) {
            if (judged.test(i)) {
                double allowed = Math.abs(wanted[i]) * rounding + SUM_ERROR;
                assertThat(Math.abs(found[i] - wanted[i]))
                        .as("element %d is %s, wanted %s", i, found[i], wanted[i])
                        .isLessThanOrEqualTo(allowed);
            }
        }
    }

    private static double gelu(double x) {
        return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }

    private static double slope(double x) {
        return (gelu(x + 1e-5) - gelu(x - 1e-5)) / 2e-5;
    }
}
