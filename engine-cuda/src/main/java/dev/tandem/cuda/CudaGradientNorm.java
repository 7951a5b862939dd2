package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.GradientNorm;
import java.util.List;

/// `gradient_norm.cu`: bound by bytes, 4 for each element.
///
/// A model has hundreds of small gradients, so the kernel reads a table of all of them instead of being
/// launched for each. The table is the same in every update of a model and is copied once.
final class CudaGradientNorm implements GradientNorm {
    private static final String SOURCE = "gradient_norm.cu";
    private static final int THREADS = 256;
    private static final int FACTOR_THREADS = 1024;
    private static final int CHUNK = 32_768; // gradient_norm.cu has the same
    private static final int ENTRY_WORDS = 4; // GradientNormEntry of gradient_norm.cu

    private final CudaQueue queue;
    private final CudaKernel<Squares> squares;
    private final CudaKernel<Factor> factor;
    private final DeviceTable table;

    record Squares(DeviceAddress squares, DeviceAddress entries, int gradients) {}

    record Factor(Tensor norm, DeviceAddress squares, long chunks, float clip) {}

    CudaGradientNorm(CudaQueue queue) {
        this.queue = queue;
        table = new DeviceTable(queue, "table of gradients");
        squares = queue.kernel(SOURCE, "gradient_norm_squares", Squares.class);
        factor = queue.kernel(SOURCE, "gradient_norm_factor", Factor.class);
    }

    @Override
    public void forward(Tensor norm, List<Gradient> gradients, float clip) {
        int chunks = lay(gradients);
        DeviceAddress sums = queue.scratch((long) chunks * Double.BYTES);
        if (chunks > 0) {
            DeviceAddress entries = table.onDevice(gradients.size() * ENTRY_WORDS);
            squares.launch(Grid.of(chunks, THREADS), new Squares(sums, entries, gradients.size()));
        }
        factor.launch(Grid.of(1, FACTOR_THREADS), new Factor(norm, sums, chunks, clip));
    }

    /// Fills the table and returns the number of chunks.
    private int lay(List<Gradient> gradients) {
        table.reserve(gradients.size() * ENTRY_WORDS);
        long chunks = 0;
        for (int g = 0; g < gradients.size(); g++) {
            Gradient gradient = gradients.get(g);
            long count = gradient.tensor().shape().elements();
            int entry = g * ENTRY_WORDS;
            table.set(entry, CudaStorage.address(gradient.tensor()));
            table.set(entry + 1, count);
            table.set(entry + 2, chunks);
            table.set(entry + 3, Double.doubleToRawLongBits(gradient.scale()));
            chunks += Math.ceilDiv(count, (long) CHUNK);
        }
        return Math.toIntExact(chunks);
    }
}
