package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertLoad;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Gate;
import dev.tandem.engine.kernel.GateOptions;
import dev.tandem.engine.kernel.Routing;
import dev.tandem.engine.kernel.SecondPolicy;
import java.util.Optional;

final class CheckedGate extends Checked implements Gate {
    private final Gate kernel;

    CheckedGate(Gate kernel, Guard guard, Backend backend) {
        super(guard, backend, "Gate");
        this.kernel = kernel;
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
        enter();
        try {
            chooses(routing, rows, load, balanceLoss, probabilities, logits, padding, noise, options);
            kernel.forward(routing, rows, load, balanceLoss, probabilities, logits, padding, noise, options);
        } finally {
            exit();
        }
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
        enter();
        try {
            chooses(routing, rows, load, balanceLoss, probabilities, logits, padding, noise, options);
            multiplies(probabilities, x, gateWeight, gateBias);
            kernel.forwardLinear(
                    routing,
                    rows,
                    load,
                    balanceLoss,
                    probabilities,
                    logits,
                    x,
                    padding,
                    noise,
                    gateWeight,
                    gateBias,
                    options);
        } finally {
            exit();
        }
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
        enter();
        try {
            routes(routing, load, probabilities, options);
            same("dLogits", dLogits, working("dLogits", dLogits), "probabilities", probabilities);
            same("dWeight", dWeight, "routing.weight", routing.weight());
            kernel.backward(dLogits, dWeight, routing, load, probabilities, dBalanceLoss, options);
        } finally {
            exit();
        }
    }

    private void multiplies(Tensor probabilities, Tensor x, Tensor gateWeight, Optional<Tensor> gateBias) {
        int E = probabilities.shape().last();
        whole("gateWeight", gateWeight, weightType(working("x", x), gateWeight), 2);
        if (gateWeight.shape().extent(0) != E) {
            throw refuse("gateWeight must have a row for each of E=" + E + " experts, was " + gateWeight.shape());
        }
        matrix(
                "x",
                x,
                x.type(),
                probabilities.shape().rows(),
                gateWeight.shape().last());
        vector("gateBias", gateBias, ElementType.F32, E);
    }

    private void chooses(
            Routing routing,
            ExpertRows rows,
            ExpertLoad load,
            Tensor balanceLoss,
            Tensor probabilities,
            Tensor logits,
            Optional<Tensor> padding,
            Optional<Tensor> noise,
            GateOptions options) {
        routes(routing, load, probabilities, options);
        same("logits", logits, "probabilities", probabilities);
        vector("balanceLoss", balanceLoss, ElementType.F32, 1);
        int N = Math.toIntExact(probabilities.shape().rows());
        int E = probabilities.shape().last();
        vector("rows.starts", rows.starts(), ElementType.I32, E);
        vector("rows.counts", rows.counts(), ElementType.I32, E);
        vector("rows.choiceOf", rows.choiceOf(), ElementType.I32, options.rows(N, E));
        if (rows.padded() && options.compact()) {
            throw refuse("rows are promised to be padded, but the options make them compact");
        }
        if (padding.isPresent()) {
            usable("padding", padding.get(), ElementType.I32);
            if (padding.get().shape().elements() != N) {
                throw refuse("padding must have one entry for each of N=" + N + " tokens, was "
                        + padding.get().shape());
            }
        }
        noisy(noise, options.secondPolicy(), N, E);
    }

    private void routes(Routing routing, ExpertLoad load, Tensor probabilities, GateOptions options) {
        rowMajor("probabilities", probabilities, ElementType.F32);
        int N = Math.toIntExact(probabilities.shape().rows());
        int E = probabilities.shape().last();
        int K = options.K();
        if (E < 2 || K > E) {
            throw refuse("E must be at least 2 and not below K=" + K + ", was " + E);
        }
        if ((long) N * K > Integer.MAX_VALUE) {
            throw refuse("N·K must fit an int: split the " + N + " tokens");
        }
        matrix("probabilities", probabilities, ElementType.F32, N, E);
        matrix("routing.expert", routing.expert(), ElementType.I32, N, K);
        matrix("routing.slot", routing.slot(), ElementType.I32, N, K);
        matrix("routing.weight", routing.weight(), ElementType.F32, N, K);
        matrix("load.queued", load.queued(), ElementType.I32, K, E);
        matrix("load.dropped", load.dropped(), ElementType.I32, K, E);
        vector("load.entropy", load.entropy(), ElementType.F32, 1);
    }

    private void noisy(Optional<Tensor> noise, SecondPolicy policy, int N, int E) {
        if (noise.isPresent() == (policy == SecondPolicy.ALL)) {
            throw refuse(
                    policy == SecondPolicy.ALL
                            ? "policy ALL takes no noise"
                            : "policy " + policy + " needs noise: fill a tensor with Fill."
                                    + (policy == SecondPolicy.SAMPLING ? "gumbel" : "uniform"));
        }
        switch (policy) {
            case ALL -> {}
            case SAMPLING -> matrix("noise", noise, ElementType.F32, N, E);
            case RANDOM -> vector("noise", noise, ElementType.F32, N);
        }
    }
}
