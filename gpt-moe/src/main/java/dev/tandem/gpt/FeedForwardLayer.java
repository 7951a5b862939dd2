package dev.tandem.gpt;

import dev.tandem.engine.Tensor;

/// The feed-forward layer of one block with its weights and buffers.
sealed interface FeedForwardLayer permits DenseLayer, ExpertLayer {
    /// Writes the layer's output for the normalized input.
    void forward(Tensor y, Tensor x, Pass pass);

    /// Writes the gradient of the input; `dy` survives.
    void backward(Tensor dx, Tensor dy, Tensor x, Pass pass);
}
