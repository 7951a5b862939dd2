package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Dispatch;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.Routing;

final class ReferenceDispatch implements Dispatch {
    @Override
    public void scatter(Tensor expertXTensor, Tensor xTensor, Routing routing, ExpertRows rows) {
        Values expertX = Values.of(expertXTensor);
        Values x = Values.of(xTensor);
        int[] rowOf = rowOf(routing, rows);
        int C = xTensor.shape().last();
        int K = routing.expert().shape().last();
        for (int choice = 0; choice < rowOf.length; choice++) {
            for (int c = 0; c < C && rowOf[choice] >= 0; c++) {
                expertX.set(rowOf[choice] * C + c, x.get(choice / K * C + c));
            }
        }
    }

    @Override
    public void scatterBackward(Tensor dxTensor, Tensor dExpertXTensor, Routing routing, ExpertRows rows) {
        Values dx = Values.of(dxTensor);
        Values dExpertX = Values.of(dExpertXTensor);
        int[] rowOf = rowOf(routing, rows);
        int C = dxTensor.shape().last();
        int K = routing.expert().shape().last();
        for (int i = 0; i < dx.size(); i++) {
            double sum = 0;
            for (int k = 0; k < K; k++) {
                int row = rowOf[i / C * K + k];
                sum += row < 0 ? 0 : dExpertX.get(row * C + i % C);
            }
            dx.set(i, sum);
        }
    }

    @Override
    public void gather(Tensor yTensor, Tensor expertYTensor, Routing routing, ExpertRows rows) {
        Values y = Values.of(yTensor);
        Values expertY = Values.of(expertYTensor);
        Values weight = Values.of(routing.weight());
        int[] rowOf = rowOf(routing, rows);
        int C = yTensor.shape().last();
        int K = routing.expert().shape().last();
        for (int i = 0; i < y.size(); i++) {
            double sum = 0;
            for (int k = 0; k < K; k++) {
                int row = rowOf[i / C * K + k];
                sum += row < 0 ? 0 : weight.get(i / C * K + k) * expertY.get(row * C + i % C);
            }
            y.set(i, sum);
        }
    }

    @Override
    public void gatherBackward(
            Tensor dExpertYTensor,
            Tensor dWeightTensor,
            Tensor dyTensor,
            Tensor expertYTensor,
            Routing routing,
            ExpertRows rows) {
        Values dExpertY = Values.of(dExpertYTensor);
        Values dWeight = Values.of(dWeightTensor);
        Values dy = Values.of(dyTensor);
        Values expertY = Values.of(expertYTensor);
        Values weight = Values.of(routing.weight());
        int[] rowOf = rowOf(routing, rows);
        int C = dyTensor.shape().last();
        int K = routing.expert().shape().last();
        for (int choice = 0; choice < rowOf.length; choice++) {
            double product = 0;
            for (int c = 0; c < C && rowOf[choice] >= 0; c++) {
                double gradient = dy.get(choice / K * C + c);
                product += gradient * expertY.get(rowOf[choice] * C + c);
                dExpertY.set(rowOf[choice] * C + c, weight.get(choice) * gradient);
            }
            dWeight.set(choice, product);
        }
    }

    /// The expert row of each choice `n·K + k`, −1 where it is not served.
    private static int[] rowOf(Routing routing, ExpertRows rows) {
        Integers expert = Integers.of(routing.expert());
        Integers slot = Integers.of(routing.slot());
        OwnedRows owned = OwnedRows.of(rows);
        int[] rowOf = new int[slot.size()];
        for (int choice = 0; choice < rowOf.length; choice++) {
            int e = expert.verified(choice, 0, owned.E() - 1, "routing.expert");
            int place = slot.verified(choice, -1, owned.count(e) - 1, "routing.slot");
            rowOf[choice] = place < 0 ? -1 : owned.start(e) + place;
        }
        return rowOf;
    }
}
