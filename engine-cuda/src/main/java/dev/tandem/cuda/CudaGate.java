package dev.tandem.cuda;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Gate;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.Routing;
import dev.tandem.engine.kernel.SecondPolicy;
import java.util.Optional;

/// `gate.cu` and `gate_backward.cu`, and between them [CudaGateQueue]: bound by bytes, 8·N·E in each
/// direction.
///
/// A row of logits is read once where E ≤ 512, and K times more from cache above. The queues add
/// four short launches, sixteen if they form by probability. Sums over tokens are taken in blocks of
/// 32, then over the blocks in an order that follows from N alone.
final class CudaGate implements Gate {
    private static final int BLOCK_TOKENS = 32;
    private static final int THREADS = 256;
    private static final int WARP = 32;

    private final CudaQueue queue;
    private final CudaGateQueue queues;
    private final Widths<Choose> choose;
    private final Widths<Backward> backward;
    private final Rounding rounding;
    private final CudaLinear linear;

    record Choose(
            Tensor probabilities,
            Tensor expert,
            Tensor slot,
            Tensor weight,
            DeviceAddress sums,
            DeviceAddress entropies,
            DeviceAddress keys,
            Tensor logits,
            Optional<Tensor> padding,
            Optional<Tensor> gumbel,
            Optional<Tensor> draws,
            int N,
            int K,
            int E,
            int normalizeBefore) {}

    record Backward(
            DeviceAddress dLogits,
            Tensor dWeight,
            Tensor expert,
            Tensor slot,
            Tensor weight,
            Tensor queued,
            Tensor probabilities,
            DeviceAddress complaint,
            int N,
            int K,
            int E,
            int normalizeBefore,
            float balance) {}

    /// One kernel for each number of experts that a lane holds; the last one holds none.
    private record Widths<A extends Record>(
            CudaKernel<A> two, CudaKernel<A> eight, CudaKernel<A> sixteen, CudaKernel<A> none) {
        static <A extends Record> Widths<A> of(CudaQueue queue, String source, String name, Class<A> arguments) {
            return new Widths<>(
                    queue.kernel(source, name + "_2", arguments),
                    queue.kernel(source, name + "_8", arguments),
                    queue.kernel(source, name + "_16", arguments),
                    queue.kernel(source, name + "_0", arguments));
        }

        CudaKernel<A> of(int E) {
            int held = Math.ceilDiv(E, WARP);
            return held <= 2 ? two : held <= 8 ? eight : held <= 16 ? sixteen : none;
        }
    }

    CudaGate(CudaQueue queue, Rounding rounding, CudaLinear linear) {
        this.queue = queue;
        queues = new CudaGateQueue(queue);
        choose = Widths.of(queue, "gate.cu", "gate_choose", Choose.class);
        backward = Widths.of(queue, "gate_backward.cu", "gate_backward", Backward.class);
        this.rounding = rounding;
        this.linear = linear;
    }

    /// Blocks of tokens, each of which sums its probabilities.
    static int blocks(int N) {
        return Math.ceilDiv(N, BLOCK_TOKENS);
    }

    @Override
    public void forward(
            Routing routing,
            ExpertRows rows,
            ExpertLoad load,
            Tensor balanceLoss,
            Tensor probabilities,
            Tensor logits,
            Optional<Tensor> padding,
            Optional<Tensor> noise,
            GateOptions options) {
        int N = (int) logits.shape().rows();
        int E = logits.shape().last();
        var scratch = GateScratch.of(queue, GateChunks.of(N, options.K(), E), E, options);
        var arguments = new Choose(
                probabilities,
                routing.expert(),
                routing.slot(),
                routing.weight(),
                scratch.sums(),
                scratch.entropies(),
                scratch.sorting(),
                logits,
                padding,
                options.secondPolicy() == SecondPolicy.SAMPLING ? noise : Optional.empty(),
                options.secondPolicy() == SecondPolicy.RANDOM ? noise : Optional.empty(),
                N,
                options.K(),
                E,
                options.normalizeBeforeDropping() ? 1 : 0);
        choose.of(E).launch(Grid.of(blocks(N), THREADS), arguments);
        queues.run(routing, rows, load, balanceLoss, scratch, options);
    }

    @Override
    public void forwardLinear(
            Routing routing,
            ExpertRows rows,
            ExpertLoad load,
            Tensor balanceLoss,
            Tensor probabilities,
            Tensor logits,
            Tensor x,
            Optional<Tensor> padding,
            Optional<Tensor> noise,
            Tensor gateWeight,
            Optional<Tensor> gateBias,
            GateOptions options) {
        linear.forward(logits, x, gateWeight, gateBias);
        forward(routing, rows, load, balanceLoss, probabilities, logits, padding, noise, options);
    }

    @Override
    public void backward(
            Tensor dLogits,
            Tensor dWeight,
            Routing routing,
            ExpertLoad load,
            Tensor probabilities,
            float dBalanceLoss,
            GateOptions options) {
        int N = (int) probabilities.shape().rows();
        int E = probabilities.shape().last();
        // a warp adds to what it has written, which must not be rounded before
        boolean rounds = dLogits.type() == ElementType.BF16;
        DeviceAddress whole = rounds ? queue.scratch((long) N * E * Float.BYTES) : DeviceAddress.of(dLogits);
        var arguments = new Backward(
                whole,
                dWeight,
                routing.expert(),
                routing.slot(),
                routing.weight(),
                load.queued(),
                probabilities,
                queue.complaint(),
                N,
                options.K(),
                E,
                options.normalizeBeforeDropping() ? 1 : 0,
                (float) ((double) dBalanceLoss * E / N / N));
        backward.of(E).launch(Grid.warps(N, THREADS), arguments);
        if (rounds) {
            rounding.round(dLogits, whole);
        }
    }
}
