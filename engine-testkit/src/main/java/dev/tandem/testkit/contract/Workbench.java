package dev.tandem.testkit.contract;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Kernels;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.testkit.ReferenceBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Where a [Trial] finds its operands on one backend: the same values on every one.
///
/// Inputs are random, results hold NaN before the call, accumulated results hold random values.
/// With guards, every tensor is a slice out of the middle of a larger one whose other elements must
/// survive.
public final class Workbench implements AutoCloseable {
    private static final float GUARD = 127 * 64; // which BF16 and Q8 hold
    private static final int INTEGER_GUARD = 0x5EED5EED;

    private final Backend backend;
    private final Region region;
    private final Region closing;
    private final Backend foreignBackend = ReferenceBackend.open();
    private final Region foreign = foreignBackend.region("foreign");
    private final Trial trial;
    private final boolean guarded;
    private final Sabotage sabotage;
    private final List<Result> results = new ArrayList<>();
    private final List<Tensor> guards = new ArrayList<>();
    private final List<Integer> integerOperands = new ArrayList<>();
    private final List<Integer> floatOperands = new ArrayList<>();
    private int allocated;
    private long ready;

    /// What a trial is judged by.
    private record Result(String name, Tensor tensor, Tolerance tolerance, IntPredicate counts) {}

    Workbench(Backend backend, Trial trial, boolean guarded, Sabotage sabotage) {
        this.backend = backend;
        this.region = backend.region("workbench");
        this.closing = backend.region("closing");
        this.trial = trial;
        this.guarded = guarded;
        this.sabotage = sabotage;
    }

    /// The kernels, when all operands are ready.
    public Kernels kernels() {
        if (ready == 0) {
            backend.synchronize();
            ready = System.nanoTime();
        }
        switch (sabotage.kind()) {
            case CLOSED_REGION -> closing.close();
            case CLOSED_BACKEND -> backend.close();
            default -> {}
        }
        return backend.kernels();
    }

    /// The type of activations and working weights.
    public ElementType type() {
        return trial.type();
    }

    /// A random generator of its own for each name.
    public RandomGenerator random(String name) {
        return RandomGeneratorFactory.of("SplittableRandom").create(trial.seed() * 31 + name.hashCode());
    }

    /// An activation of standard normal values.
    public Tensor input(String name, int... extents) {
        return input(name, Role.ACTIVATION, 1, extents);
    }

    /// Normal values of a given deviation: activations and weights of the trial's types, what outlives a
    /// step in F32.
    public Tensor input(String name, Role role, double deviation, int... extents) {
        return input(name, type(role), role, deviation, extents);
    }

    private ElementType type(Role role) {
        return switch (role) {
            case WEIGHT -> trial.weightType();
            case ACTIVATION -> trial.type();
            case STATE -> ElementType.F32;
        };
    }

    /// Normal values of a given deviation and type.
    public Tensor input(String name, ElementType type, Role role, double deviation, int... extents) {
        var random = random(name);
        float[] values = new float[elements(extents)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        return input(name, type, role, values, extents);
    }

    /// Given values, of the types that random ones have.
    public Tensor input(String name, Role role, float[] values, int... extents) {
        return input(name, type(role), role, values, extents);
    }

    /// Given values of a given type.
    public Tensor input(String name, ElementType type, Role role, float[] values, int... extents) {
        Tensor tensor = allocate(name, role, type, extents);
        upload(tensor, values);
        return tensor;
    }

    /// Given integers.
    public Tensor integers(String name, int[] values, int... extents) {
        Tensor tensor = allocate(name, Role.ACTIVATION, ElementType.I32, extents);
        integerOperands.add(allocated - 1);
        int[] uploaded = values;
        if (sabotage.hits(Sabotage.Kind.GARBAGE, allocated - 1)) {
            var random = random(name + "garbage" + allocated);
            uploaded = random.ints(values.length)
                    .map(value -> random.nextInt(4) == 0 ? value : value % 100)
                    .toArray();
        }
        upload(tensor, uploaded);
        return tensor;
    }

    /// Room for a result that is overwritten.
    public Tensor result(String name, Tolerance tolerance, int... extents) {
        return result(name, tolerance, Role.ACTIVATION, i -> true, extents);
    }

    /// Room for a result that is overwritten, with elements that are unspecified.
    public Tensor result(String name, Tolerance tolerance, Role role, IntPredicate counts, int... extents) {
        return result(name, type(), tolerance, role, counts, extents);
    }

    /// Room for a result of the trial's type or of F32, which is overwritten, with elements that are
    /// unspecified.
    public Tensor result(
            String name, ElementType type, Tolerance tolerance, Role role, IntPredicate counts, int... extents) {
        Tensor tensor = scratch(name, type, role, extents);
        results.add(new Result(name, tensor, tolerance.in(type), counts));
        return tensor;
    }

    /// Room for a result that is overwritten and F32 whatever the activations are: a saved statistic, a
    /// loss, a logit.
    public Tensor statistic(String name, Tolerance tolerance, int... extents) {
        return result(name, ElementType.F32, tolerance, Role.ACTIVATION, i -> true, extents);
    }

    /// Room for integers that are overwritten.
    public Tensor integerResult(String name, int... extents) {
        Tensor tensor = allocate(name, Role.ACTIVATION, ElementType.I32, extents);
        int[] values = new int[elements(extents)];
        Arrays.fill(values, INTEGER_GUARD);
        upload(tensor, values);
        results.add(new Result(name, tensor, Tolerance.exact(), i -> true));
        return tensor;
    }

    /// A result in F32 that something is added to.
    public Tensor accumulated(String name, Tolerance tolerance, Role role, int... extents) {
        Tensor tensor = input(name, ElementType.F32, role, 1, extents);
        results.add(new Result(name, tensor, tolerance, i -> true));
        return tensor;
    }

    /// A tensor that is judged although it is an input, because the call overwrites it.
    public Tensor judged(String name, Tolerance tolerance, Tensor tensor) {
        results.add(new Result(name, tensor, tolerance.in(tensor.type()), i -> true));
        return tensor;
    }

    /// Room for what is overwritten and not judged.
    public Tensor scratch(String name, Role role, int... extents) {
        return scratch(name, type(), role, extents);
    }

    private Tensor scratch(String name, ElementType type, Role role, int... extents) {
        float[] values = new float[elements(extents)];
        Arrays.fill(values, Float.NaN);
        return input(name, type, role, values, extents);
    }

    /// When the operands were ready, as [System#nanoTime] counts.
    long ready() {
        return ready;
    }

    /// Number of tensors allocated so far.
    int allocated() {
        return allocated;
    }

    /// Which of them are integers that the kernel reads.
    List<Integer> integerOperands() {
        return List.copyOf(integerOperands);
    }

    /// Which of them are floats.
    List<Integer> floatOperands() {
        return List.copyOf(floatOperands);
    }

    /// The values of all results, in the order of their allocation.
    List<Outcome> outcomes() {
        return results.stream()
                .map(result -> new Outcome(
                        result.name,
                        values(backend, result.tensor),
                        result.tolerance,
                        result.counts,
                        result.tensor.type() == ElementType.I32))
                .toList();
    }

    /// Elements around the operands that a kernel has written to.
    List<String> trampled() {
        List<String> trampled = new ArrayList<>();
        for (Tensor guard : guards) {
            double expected = guard.type() == ElementType.I32 ? INTEGER_GUARD : (double) GUARD;
            for (double value : values(backend, guard)) {
                if (value != expected) {
                    trampled.add(guard.name());
                    break;
                }
            }
        }
        return trampled;
    }

    /// The values of a tensor as doubles, unrounded where it belongs to the reference.
    static double[] values(Backend backend, Tensor tensor) {
        if (tensor.type() == ElementType.I32) {
            return Arrays.stream(backend.integers(tensor)).asDoubleStream().toArray();
        }
        if (ReferenceBackend.holds(tensor)) {
            return ReferenceBackend.doubles(tensor);
        }
        float[] floats = backend.floats(tensor);
        double[] values = new double[floats.length];
        Arrays.setAll(values, i -> floats[i]);
        return values;
    }

    @Override
    public void close() {
        foreignBackend.close();
        region.close();
        closing.close();
    }

    private Tensor allocate(String name, Role wantedRole, ElementType wantedType, int... wanted) {
        int index = allocated++;
        int[] extents = wanted.clone();
        Role role = wantedRole;
        ElementType type = wantedType;
        Region home = sabotage.hits(Sabotage.Kind.CLOSED_REGION, index) ? closing : region;
        if (sabotage.hits(Sabotage.Kind.FOREIGN, index)) {
            home = foreign;
        }
        if (sabotage.hits(Sabotage.Kind.WIDER, index)) {
            extents[extents.length - 1]++;
        }
        if (sabotage.hits(Sabotage.Kind.OTHER_TYPE, index)) {
            type = type == ElementType.I32 ? ElementType.F32 : ElementType.I32;
            role = Role.ACTIVATION;
        }
        if (type != ElementType.I32) {
            floatOperands.add(index);
        }
        if (sabotage.hits(Sabotage.Kind.OTHER_PRECISION, index)) {
            type = type == ElementType.F32 ? ElementType.BF16 : ElementType.F32;
        }
        if (sabotage.hits(Sabotage.Kind.OTHER_ROLE, index)) {
            role = role == Role.WEIGHT ? Role.ACTIVATION : Role.WEIGHT;
        }
        return guarded ? guard(home, name, role, type, extents) : home.allocate(name, role, type, extents);
    }

    /// A slice out of the middle of a larger tensor. Weights are sliced by whole matrices.
    private Tensor guard(Region home, String name, Role role, ElementType type, int... extents) {
        boolean matrix = role == Role.WEIGHT && extents.length == 2;
        int[] larger = matrix ? new int[] {1, extents[0], extents[1]} : extents.clone();
        int count = larger[0];
        larger[0] = count + 2;
        Tensor whole = home.allocate(name, role, type, larger);
        for (Tensor edge : List.of(whole.slice(0, 1), whole.slice(count + 1, 1))) {
            if (type == ElementType.I32) {
                int[] values = new int[Math.toIntExact(edge.shape().elements())];
                Arrays.fill(values, INTEGER_GUARD);
                home.backend().upload(edge, values);
                guards.add(edge);
            } else {
                float[] values = new float[Math.toIntExact(edge.shape().elements())];
                Arrays.fill(values, GUARD);
                home.backend().upload(edge, values);
                guards.add(edge);
            }
        }
        return matrix ? whole.at(1) : whole.slice(1, count);
    }

    /// Uploads unless the tensor was made different from what the values are for.
    private void upload(Tensor tensor, float[] values) {
        if (tensor.type() != ElementType.I32 && tensor.shape().elements() == values.length) {
            tensor.storage().region().backend().upload(tensor, values);
        }
    }

    private void upload(Tensor tensor, int[] values) {
        if (tensor.type() == ElementType.I32 && tensor.shape().elements() == values.length) {
            tensor.storage().region().backend().upload(tensor, values);
        }
    }

    private static int elements(int... extents) {
        int product = 1;
        for (int extent : extents) {
            product = Math.multiplyExact(product, extent);
        }
        return product;
    }
}
