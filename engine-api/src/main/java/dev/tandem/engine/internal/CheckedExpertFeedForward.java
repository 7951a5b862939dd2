package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertFeedForward;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.FeedForwardWeights;
import dev.tandem.engine.kernel.GeluForm;
import java.util.Optional;

final class CheckedExpertFeedForward extends Checked implements ExpertFeedForward {
    /// How messages call the four tensors; made once, since a call must not allocate.
    private record Names(String up, String down, String upBias, String downBias) {
        static Names of(String operand) {
            return new Names(operand + ".up", operand + ".down", operand + ".upBias", operand + ".downBias");
        }
    }

    private static final Names WEIGHTS = Names.of("weights");
    private static final Names GRADIENTS = Names.of("dWeights");

    private final ExpertFeedForward kernel;

    CheckedExpertFeedForward(ExpertFeedForward kernel, Guard guard, Backend backend) {
        super(guard, backend, "ExpertFeedForward");
        this.kernel = kernel;
    }

    @Override
    public void forward(
            Tensor expertY,
            Optional<Tensor> preActivation,
            Tensor x,
            FeedForwardWeights weights,
            ExpertRows rows,
            int K,
            GeluForm form) {
        enter();
        try {
            ElementType type = working("x", x);
            feeds(WEIGHTS, weightType(type, weights.up()), weights, weights);
            transforms("expertY", expertY, x, weights, rows, K);
            matrix(
                    "preActivation",
                    preActivation,
                    type,
                    expertY.shape().rows(),
                    weights.up().shape().extent(1));
            kernel.forward(expertY, preActivation, x, weights, rows, K, form);
        } finally {
            exit();
        }
    }

    @Override
    public void backward(
            Tensor dExpertX,
            FeedForwardWeights dWeights,
            Tensor dExpertY,
            Tensor preActivation,
            Tensor x,
            FeedForwardWeights weights,
            ExpertRows rows,
            int K,
            GeluForm form) {
        enter();
        try {
            ElementType type = working("x", x);
            feeds(WEIGHTS, type, weights, weights);
            feeds(GRADIENTS, ElementType.F32, dWeights, weights);
            transforms("dExpertY", dExpertY, x, weights, rows, K);
            same("dExpertX", dExpertX, "dExpertY", dExpertY);
            matrix(
                    "preActivation",
                    preActivation,
                    type,
                    dExpertY.shape().rows(),
                    weights.up().shape().extent(1));
            kernel.backward(dExpertX, dWeights, dExpertY, preActivation, x, weights, rows, K, form);
        } finally {
            exit();
        }
    }

    private void feeds(Names names, ElementType type, FeedForwardWeights weights, FeedForwardWeights sizes) {
        whole(names.up(), weights.up(), type, 3);
        int E = sizes.up().shape().extent(0);
        int F = sizes.up().shape().extent(1);
        int C = sizes.up().shape().extent(2);
        weights(names.up(), weights.up(), type, E, F, C);
        weights(names.down(), weights.down(), type, E, C, F);
        matrix(names.upBias(), weights.upBias(), ElementType.F32, E, F);
        matrix(names.downBias(), weights.downBias(), ElementType.F32, E, C);
    }

    private void transforms(
            String operand, Tensor expertY, Tensor x, FeedForwardWeights weights, ExpertRows rows, int K) {
        int E = weights.up().shape().extent(0);
        int C = weights.up().shape().extent(2);
        if (K < 1 || K > E) {
            throw refuse("K must be in 1..E=" + E + ", was " + K);
        }
        matrix("x", x, x.type(), x.shape().rows(), C);
        usable("rows.choiceOf", rows.choiceOf(), ElementType.I32);
        int R = Math.toIntExact(rows.choiceOf().shape().elements());
        matrix(operand, expertY, x.type(), R, C);
        vector("rows.choiceOf", rows.choiceOf(), ElementType.I32, R);
        vector("rows.starts", rows.starts(), ElementType.I32, E);
        vector("rows.counts", rows.counts(), ElementType.I32, E);
    }
}
