package dev.tandem.testkit.vectors;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Kernels;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.GeluForm;
import java.util.List;
import java.util.Optional;

/// Kind `moe_layer`: gate, experts and back, over the fused kernel and over its composition, each
/// with padded and with compact rows.
final class MoeLayerRunner implements VectorRunner {
    @Override
    public String kind() {
        return "moe_layer";
    }

    @Override
    public List<Comparison> run(VectorFile file, Backend backend) {
        var comparisons = new Comparisons(file, backend);
        for (boolean fused : new boolean[] {true, false}) {
            for (boolean compact : new boolean[] {false, true}) {
                comparisons.remark((fused ? "fused, " : "composed, ") + (compact ? "compact" : "padded"));
                try (Region region = backend.region("moe_layer")) {
                    new Layer(file, backend, new Operands(file, backend, region), compact, fused).run(comparisons);
                }
            }
        }
        return comparisons.list();
    }

    private static final class Layer {
        private final Kernels kernels;
        private final Operands operands;
        private final boolean fused;
        private final GeluForm form;
        private final Tensor x;
        private final Tensor gateWeight;
        private final FeedForwardWeights weights;
        private final FeedForwardWeights gradients;
        private final Tensor logits;
        private final GatePass gate;
        private final Tensor expertX;
        private final Tensor preActivation;
        private final Tensor hidden;
        private final Tensor expertY;

        Layer(VectorFile file, Backend backend, Operands operands, boolean compact, boolean fused) {
            this.kernels = backend.kernels();
            this.operands = operands;
            this.fused = fused;
            form = VectorOptions.gelu(file);
            x = operands.floats("in.x");
            gateWeight = operands.weight("in.gate.wg.weight");
            weights = new FeedForwardWeights(
                    operands.weight("in.experts.fc1.weight"),
                    operands.floats("in.experts.fc1.bias", Role.STATE),
                    operands.weight("in.experts.fc2.weight"),
                    operands.floats("in.experts.fc2.bias", Role.STATE));
            gradients = new FeedForwardWeights(
                    operands.zerosLike(weights.up()),
                    operands.zerosLike(weights.upBias()),
                    operands.zerosLike(weights.down()),
                    operands.zerosLike(weights.downBias()));
            logits = operands.empty(x.shape().extent(0), gateWeight.shape().extent(0));
            kernels.linear().forward(logits, x, gateWeight, Optional.empty());
            gate = new GatePass(file, backend, operands, logits, VectorOptions.gate(file, "", compact));
            int C = x.shape().extent(1);
            int F = weights.up().shape().extent(1);
            expertX = operands.empty(gate.R(), C);
            preActivation = operands.empty(gate.R(), F);
            hidden = operands.empty(gate.R(), F);
            expertY = operands.empty(gate.R(), C);
        }

        void run(Comparisons comparisons) {
            comparisons.floats("out.logits", logits);
            gate.compare(comparisons);
            Tensor y = operands.zerosLike(x);
            forward();
            kernels.dispatch().gather(y, expertY, gate.routing(), gate.rows());
            comparisons.floats("out.y", y);
            Tensor dx = operands.zerosLike(x);
            Tensor dGateWeight = operands.zerosLike(gateWeight);
            backward(dx, dGateWeight);
            comparisons.floats("out.grad_x", dx);
            comparisons.floats("out.grad.gate.wg.weight", dGateWeight);
            comparisons.floats("out.grad.experts.fc1.weight", gradients.up());
            comparisons.floats("out.grad.experts.fc1.bias", gradients.upBias());
            comparisons.floats("out.grad.experts.fc2.weight", gradients.down());
            comparisons.floats("out.grad.experts.fc2.bias", gradients.downBias());
        }

        private void forward() {
            if (fused) {
                kernels.expertFeedForward()
                        .forward(expertY, Optional.of(preActivation), x, weights, gate.rows(), 2, form);
                return;
            }
            var linear = kernels.expertLinear();
            kernels.dispatch().scatter(expertX, x, gate.routing(), gate.rows());
            linear.forwardGelu(
                    hidden,
                    Optional.of(preActivation),
                    expertX,
                    weights.up(),
                    Optional.of(weights.upBias()),
                    gate.rows(),
                    form);
            linear.forward(expertY, hidden, weights.down(), Optional.of(weights.downBias()), gate.rows());
        }

        private void backward(Tensor dx, Tensor dGateWeight) {
            Tensor dExpertY = operands.zerosLike(expertY);
            Tensor dExpertX = operands.zerosLike(expertY);
            Tensor dWeight = operands.zerosLike(gate.routing().weight());
            Tensor dy = operands.floats("in.grad_y");
            kernels.dispatch().gatherBackward(dExpertY, dWeight, dy, expertY, gate.routing(), gate.rows());
            if (fused) {
                kernels.expertFeedForward()
                        .backward(dExpertX, gradients, dExpertY, preActivation, x, weights, gate.rows(), 2, form);
            } else {
                backwardComposed(dExpertX, dExpertY);
            }
            Tensor throughExperts = operands.zerosLike(x);
            kernels.dispatch().scatterBackward(throughExperts, dExpertX, gate.routing(), gate.rows());
            Tensor dLogits = operands.zerosLike(logits);
            gate.backward(dLogits, dWeight);
            kernels.linear().backwardData(dx, dLogits, gateWeight);
            kernels.linear().backwardWeight(dGateWeight, Optional.empty(), dLogits, x);
            kernels.add().forward(dx, dx, throughExperts);
        }

        private void backwardComposed(Tensor dExpertX, Tensor dExpertY) {
            var linear = kernels.expertLinear();
            Tensor dHidden = operands.zerosLike(hidden);
            linear.backwardWeight(gradients.down(), Optional.of(gradients.downBias()), dExpertY, hidden, gate.rows());
            linear.backwardData(dHidden, dExpertY, weights.down(), gate.rows());
            kernels.gelu().backward(dHidden, dHidden, preActivation, form);
            linear.backwardWeight(gradients.up(), Optional.of(gradients.upBias()), dHidden, expertX, gate.rows());
            linear.backwardData(dExpertX, dHidden, weights.up(), gate.rows());
        }
    }
}
