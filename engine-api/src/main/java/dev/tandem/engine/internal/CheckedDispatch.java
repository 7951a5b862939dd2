package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Dispatch;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Routing;

final class CheckedDispatch extends Checked implements Dispatch {
    private final Dispatch kernel;

    CheckedDispatch(Dispatch kernel, Guard guard, Backend backend) {
        super(guard, backend, "Dispatch");
        this.kernel = kernel;
    }

    @Override
    public void scatter(Tensor expertX, Tensor x, Routing routing, ExpertRows rows) {
        enter();
        try {
            moves("expertX", expertX, "x", x, routing, rows);
            kernel.scatter(expertX, x, routing, rows);
        } finally {
            exit();
        }
    }

    @Override
    public void scatterBackward(Tensor dx, Tensor dExpertX, Routing routing, ExpertRows rows) {
        enter();
        try {
            moves("dExpertX", dExpertX, "dx", dx, routing, rows);
            kernel.scatterBackward(dx, dExpertX, routing, rows);
        } finally {
            exit();
        }
    }

    @Override
    public void gather(Tensor y, Tensor expertY, Routing routing, ExpertRows rows) {
        enter();
        try {
            moves("expertY", expertY, "y", y, routing, rows);
            kernel.gather(y, expertY, routing, rows);
        } finally {
            exit();
        }
    }

    @Override
    public void gatherBackward(
            Tensor dExpertY, Tensor dWeight, Tensor dy, Tensor expertY, Routing routing, ExpertRows rows) {
        enter();
        try {
            moves("expertY", expertY, "dy", dy, routing, rows);
            same("dExpertY", dExpertY, "expertY", expertY);
            same("dWeight", dWeight, "routing.weight", routing.weight());
            kernel.gatherBackward(dExpertY, dWeight, dy, expertY, routing, rows);
        } finally {
            exit();
        }
    }

    private void moves(
            String expertOperand, Tensor expertX, String operand, Tensor x, Routing routing, ExpertRows rows) {
        ElementType type = working(operand, x);
        int N = Math.toIntExact(x.shape().rows());
        int C = x.shape().last();
        matrix(operand, x, type, N, C);
        usable("rows.choiceOf", rows.choiceOf(), ElementType.I32);
        int R = Math.toIntExact(rows.choiceOf().shape().elements());
        matrix(expertOperand, expertX, type, R, C);
        vector("rows.choiceOf", rows.choiceOf(), ElementType.I32, R);
        usable("rows.starts", rows.starts(), ElementType.I32);
        int E = Math.toIntExact(rows.starts().shape().elements());
        vector("rows.starts", rows.starts(), ElementType.I32, E);
        vector("rows.counts", rows.counts(), ElementType.I32, E);
        usable("routing.expert", routing.expert(), ElementType.I32);
        int K = routing.expert().shape().last();
        matrix("routing.expert", routing.expert(), ElementType.I32, N, K);
        matrix("routing.slot", routing.slot(), ElementType.I32, N, K);
        matrix("routing.weight", routing.weight(), ElementType.F32, N, K);
    }
}
