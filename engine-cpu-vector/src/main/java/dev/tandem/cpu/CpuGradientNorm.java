package dev.tandem.cpu;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GradientNorm;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The global norm: squares in F64 per block, blocks added in their order.
final class CpuGradientNorm implements GradientNorm {
    private static final float FLOOR = 1e-6f;
    private static final VectorSpecies<Double> F64 = VectorSpecies.of(double.class, Lanes.F32.vectorShape());

    private final Workers workers;
    private final Workspace partials;
    private final Workers.Task task = this::block;

    // One entry per gradient: where it lies, and the number of its first block.
    private long[] addresses = new long[64];
    private long[] elements = new long[64];
    private int[] firstBlocks = new int[64];
    private int gradients;
    private long sums;

    CpuGradientNorm(Workers workers, Workspace partials) {
        this.workers = workers;
        this.partials = partials;
    }

    @Override
    public void forward(Tensor norm, List<Gradient> gradients, float clip) {
        int blocks = lay(gradients);
        sums = partials.address(Math.max(1, blocks) * (long) Double.BYTES);
        workers.run(blocks, task);
        double total = 0;
        for (int g = 0; g < this.gradients; g++) {
            double squares = 0;
            int end = g + 1 < this.gradients ? firstBlocks[g + 1] : blocks;
            for (int block = firstBlocks[g]; block < end; block++) {
                squares += Double.longBitsToDouble(Lanes.getLong(sums + (long) block * Double.BYTES));
            }
            double scale = gradients.get(g).scale();
            total += scale * scale * squares;
        }
        float length = (float) Math.sqrt(total);
        long address = CpuStorage.address(norm);
        Lanes.set(address, length);
        Lanes.set(address + Float.BYTES, clip == 0 ? 1 : Math.min(1, clip / (length + FLOOR)));
    }

    private int lay(List<Gradient> list) {
        gradients = list.size();
        if (gradients > addresses.length) {
            int room = Math.max(gradients, 2 * addresses.length);
            addresses = Arrays.copyOf(addresses, room);
            elements = Arrays.copyOf(elements, room);
            firstBlocks = Arrays.copyOf(firstBlocks, room);
        }
        int blocks = 0;
        for (int g = 0; g < gradients; g++) {
            Tensor tensor = list.get(g).tensor();
            addresses[g] = CpuStorage.address(tensor);
            // Padding of packed weights is zero and adds nothing.
            elements[g] = CpuStorage.spread(tensor);
            firstBlocks[g] = blocks;
            blocks = Math.addExact(blocks, Blocks.count(elements[g]));
        }
        return blocks;
    }

    private void block(int block, int worker) {
        int found = Arrays.binarySearch(firstBlocks, 0, gradients, block);
        int g = found >= 0 ? found : -found - 2;
        int own = block - firstBlocks[g];
        long x = addresses[g] + Blocks.offset(own);
        int length = Blocks.length(own, elements[g]);
        int bound = Lanes.F32.loopBound(length);
        double sum = whole(x, bound);
        if (bound < length) {
            sum += rest(x + (long) bound * Float.BYTES, length - bound);
        }
        Lanes.setLong(sums + (long) block * Double.BYTES, Double.doubleToRawLongBits(sum));
    }

    /// Squares of whole vectors.
    private static double whole(long x, int length) {
        DoubleVector low = DoubleVector.zero(F64);
        DoubleVector high = DoubleVector.zero(F64);
        for (int i = 0; i < length; i += Lanes.LENGTH) {
            FloatVector values = Lanes.load(x + (long) i * Float.BYTES);
            DoubleVector first = half(values, 0);
            DoubleVector second = half(values, 1);
            low = first.fma(first, low);
            high = second.fma(second, high);
        }
        return sum(low.add(high));
    }

    /// Squares of less than a vector.
    private static double rest(long x, int length) {
        FloatVector values = Lanes.load(x, Lanes.tail(0, length));
        DoubleVector first = half(values, 0);
        DoubleVector second = half(values, 1);
        return sum(second.fma(second, first.mul(first)));
    }

    private static DoubleVector half(FloatVector values, int part) {
        return (DoubleVector) values.convertShape(VectorOperators.F2D, F64, part);
    }

    private static double sum(DoubleVector vector) {
        double sum = 0;
        for (int lane = 0; lane < F64.length(); lane++) {
            sum += vector.lane(lane);
        }
        return sum;
    }
}
