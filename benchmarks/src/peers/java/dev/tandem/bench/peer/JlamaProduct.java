package dev.tandem.bench.peer;

import com.github.tjake.jlama.math.VectorMath;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.FloatBufferTensor;
import com.github.tjake.jlama.tensor.TensorShape;
import com.github.tjake.jlama.tensor.operations.PanamaTensorOperations;
import com.github.tjake.jlama.tensor.operations.TensorOperations;
import com.github.tjake.jlama.util.MachineSpec;
import com.github.tjake.jlama.util.PhysicalCoreExecutor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;

/// Jlama, which is Java too: dot products over rows of the weight by the Vector API, rows of the
/// result spread over its own threads as its models do it.
final class JlamaProduct implements Contestant {
    private final TensorOperations operations = new PanamaTensorOperations(MachineSpec.VECTOR_TYPE);
    private final Product product;
    private final ProductOperands operands;
    private final AbstractTensor<?, ?> x;
    private final AbstractTensor<?, ?> y;
    private final List<? extends AbstractTensor<?, ?>> weights;
    private int calls;

    JlamaProduct(Setting setting, Product product) {
        PhysicalCoreExecutor.overrideThreadCount(setting.threads());
        this.product = product;
        this.operands = new ProductOperands(product);
        this.x = tensor(operands.x(), product.N(), product.in());
        this.y = tensor(operands.y(), product.N(), product.out());
        this.weights = operands.weights().stream()
                .map(weight -> tensor(weight, product.out(), product.in()))
                .toList();
    }

    private static FloatBufferTensor tensor(MemorySegment values, int rows, int columns) {
        var buffer = values.asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer();
        return new FloatBufferTensor(buffer, TensorShape.of(rows, columns), true);
    }

    @Override
    public double warmUpSeconds() {
        return TandemContestant.JAVA_WARM_UP_SECONDS;
    }

    @Override
    public String version() {
        return Artifact.version(TensorOperations.class).replace("core-", "");
    }

    @Override
    public void run() {
        AbstractTensor<?, ?> weight = weights.get(calls++ % weights.size());
        VectorMath.pchunk(
                0,
                product.out(),
                (first, rows) -> operations.dotProductChunk(y, x, weight, 0, product.in(), first, rows));
    }

    @Override
    public List<Answer> answers() {
        run();
        return operands.answers();
    }

    @Override
    public void close() {
        operands.close();
    }
}
