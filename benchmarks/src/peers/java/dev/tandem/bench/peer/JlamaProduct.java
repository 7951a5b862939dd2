package dev.tandem.bench.peer;

import com.github.tjake.jlama.math.VectorMath;
import com.github.tjake.jlama.tensor.FloatBufferTensor;
import com.github.tjake.jlama.tensor.TensorShape;
import com.github.tjake.jlama.tensor.operations.PanamaTensorOperations;
import com.github.tjake.jlama.tensor.operations.TensorOperations;
import com.github.tjake.jlama.util.MachineSpec;
import com.github.tjake.jlama.util.PhysicalCoreExecutor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/// Jlama, which is Java too: dot products over rows of the weight by the Vector API, rows of the
/// result spread over its own threads as its models do it.
final class JlamaProduct implements ProductLibrary {
    private final TensorOperations operations = new PanamaTensorOperations(MachineSpec.VECTOR_TYPE);

    JlamaProduct(Setting setting) {
        PhysicalCoreExecutor.overrideThreadCount(setting.threads());
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
    public Runnable product(ProductOperands.Task task) {
        int in = task.in();
        int out = task.out();
        var x = tensor(task.x(), task.rows(), in);
        var weight = tensor(task.weight(), out, in);
        var y = tensor(task.y(), task.rows(), out);
        return () -> VectorMath.pchunk(
                0, out, (first, rows) -> operations.dotProductChunk(y, x, weight, 0, in, first, rows));
    }
}
