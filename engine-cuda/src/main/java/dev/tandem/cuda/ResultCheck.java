package dev.tandem.cuda;

import dev.tandem.engine.ElementType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// `product_check.cu`: compares a library's product with our own of the same operands, bound by the bytes of
/// both.
///
/// An element may deviate by a part of itself and by the same part of the root mean square of all: sums whose
/// terms cancel keep the rounding of the terms. For results of BF16, and operands rounded to it on the
/// way, the part is 2⁻⁶; for results of F32 of BF16 operands, which tensor cores add with truncation, 2⁻¹⁰; for
/// F32 it is 8·2⁻²⁴·√depth, and no less than 2⁻¹⁸, which multiplication in TF32 exceeds.
final class ResultCheck {
    private static final int BLOCKS = 128;
    private static final int THREADS = 256;
    private static final double FROM_BF16 = 0x1p-6;
    private static final double OF_BF16_SUMS = 0x1p-10;
    private static final double F32_LEAST = 0x1p-18;
    private static final double F32_TERM = 8 * 0x1p-24;

    private final CudaQueue queue;
    private final GrowingMemory excess;
    private final CudaKernel<Check> f32;
    private final CudaKernel<Check> bf16;

    record Check(
            DeviceAddress excess,
            DeviceAddress wanted,
            DeviceAddress found,
            DeviceAddress counts,
            long count,
            long matrix,
            int columns,
            float relative) {}

    /// What a comparison says.
    enum Verdict {
        /// The product is right.
        RIGHT,
        /// It is not.
        WRONG,
        /// The operands are zero or hold no numbers, so that any product would do.
        UNKNOWN
    }

    ResultCheck(CudaQueue queue) {
        this.queue = queue;
        excess = queue.memory("comparison of products");
        f32 = queue.kernel("product_check.cu", "product_check", Check.class);
        bf16 = queue.kernel("product_check.cu", "product_check_bf16", Check.class);
    }

    /// Compares results of a product. Waits for them.
    ///
    /// @param counts rows of each matrix that count; none if all do
    Verdict compare(Matmul matmul, DeviceAddress wanted, DeviceAddress found, DeviceAddress counts) {
        DeviceAddress device = excess.holding(2L * BLOCKS * Float.BYTES);
        double part = part(matmul);
        CudaKernel<Check> kernel = matmul.d().type() == ElementType.BF16 ? bf16 : f32;
        kernel.launch(
                Grid.of(BLOCKS, THREADS),
                new Check(
                        device,
                        wanted,
                        found,
                        counts,
                        matmul.batch() * matmul.d().elements(),
                        matmul.d().elements(),
                        matmul.d().rows(),
                        (float) part));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(ValueLayout.JAVA_FLOAT, 2 * BLOCKS);
            queue.download(host, device);
            double most = 0;
            double squares = 0;
            for (int i = 0; i < BLOCKS; i++) {
                most = Math.max(most, host.getAtIndex(ValueLayout.JAVA_FLOAT, i));
                squares += host.getAtIndex(ValueLayout.JAVA_FLOAT, BLOCKS + i);
            }
            if (squares == 0 || !Double.isFinite(squares)) {
                return Verdict.UNKNOWN;
            }
            double rootMeanSquare =
                    Math.sqrt(squares / (matmul.batch() * matmul.d().elements()));
            return most <= part * rootMeanSquare ? Verdict.RIGHT : Verdict.WRONG;
        }
    }

    private static double part(Matmul matmul) {
        if (matmul.d().type() == ElementType.BF16) {
            return FROM_BF16;
        }
        if (matmul.a().type() == ElementType.BF16) {
            return OF_BF16_SUMS;
        }
        return Math.max(F32_LEAST, F32_TERM * Math.sqrt(matmul.depth()));
    }
}
