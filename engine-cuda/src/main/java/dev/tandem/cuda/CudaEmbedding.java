package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Embedding;
import java.util.Optional;

/// Not written yet.
final class CudaEmbedding implements Embedding {
    CudaEmbedding(CudaQueue queue) {}

    @Override
    public void forward(Tensor y, Tensor ids, Tensor table, Tensor positions, float scale, int padding, int start) {
        throw new UnsupportedOperationException("Embedding");
    }

    @Override
    public void backward(Tensor dTable, Optional<Tensor> dPositions, Tensor dy, Tensor ids, float scale, int padding) {
        throw new UnsupportedOperationException("Embedding");
    }

    @Override
    public void sinusoidal(Tensor positions, int padding) {
        throw new UnsupportedOperationException("Embedding");
    }
}
