package dev.tandem.cuda;

import java.util.List;
import java.util.Optional;

/// What the backend needs from a library of matrix products. It works on the accelerator's queue and in
/// the workspace it is given, and waits for nothing but in [#milliseconds].
///
/// [CublasLt] is cuBLASLt. The tests have a second one, which computes on the processor what it is asked for.
interface MatmulLibrary extends AutoCloseable {
    /// Bytes of the workspace, whatever the product.
    long WORKSPACE_BYTES = 32L << 20;

    /// Bytes that the address of every operand is a multiple of.
    int ALIGNMENT = 16;

    /// Where the operands of a product lie. Bias and saved may be none, as the epilogue has it.
    record Operands(DeviceAddress a, DeviceAddress b, DeviceAddress d, DeviceAddress bias, DeviceAddress saved) {
        /// Those of a product without epilogue.
        static Operands of(DeviceAddress a, DeviceAddress b, DeviceAddress d) {
            return new Operands(a, b, d, DeviceAddress.NONE, DeviceAddress.NONE);
        }

        /// The same with other results.
        Operands into(DeviceAddress otherD, DeviceAddress otherSaved) {
            return new Operands(a, b, otherD, bias, otherSaved);
        }

        /// Whether the library may have them.
        boolean aligned() {
            return (a.value() | b.value() | d.value() | bias.value() | saved.value()) % ALIGNMENT == 0;
        }
    }

    /// A product that is ready to run.
    interface Call {
        /// Enqueues a run.
        ///
        /// @return false if the library refuses after all; nothing is enqueued then
        boolean run(Operands operands, DeviceAddress workspace);
    }

    /// Name and version, for people.
    String description();

    /// All that decides what an algorithm means and how fast it is: GPU, architecture, version.
    String identity();

    /// Algorithms for a product whose operands are [#ALIGNMENT] aligned, the one thought fastest first; none
    /// if the library refuses the product. All of them repeat their bits.
    List<MatmulAlgorithm> candidates(Matmul matmul, int most);

    /// Makes a product ready; empty if the algorithm is not one for it.
    Optional<Call> prepare(Matmul matmul, MatmulAlgorithm algorithm);

    /// How long enqueued work takes. Waits for it.
    float milliseconds(Runnable enqueues);

    @Override
    void close();
}
