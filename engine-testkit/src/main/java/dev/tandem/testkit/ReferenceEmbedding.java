package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Embedding;
import java.util.Optional;

final class ReferenceEmbedding implements Embedding {
    private static final double LONGEST_WAVE = 10000;

    @Override
    public void forward(
            Tensor yTensor,
            Tensor idsTensor,
            Tensor tableTensor,
            Tensor positionsTensor,
            float scale,
            int padding,
            int start) {
        Values y = Values.of(yTensor);
        Values table = Values.of(tableTensor);
        Values positions = Values.of(positionsTensor);
        int C = tableTensor.shape().last();
        int[] ids = ids(idsTensor, tableTensor);
        int[] rows = positionRows(ids, idsTensor, positions.size() / C, padding, start);
        for (int n = 0; n < ids.length; n++) {
            for (int c = 0; c < C; c++) {
                y.set(n * C + c, scale * table.get(ids[n] * C + c) + positions.get(rows[n] * C + c));
            }
        }
    }

    @Override
    public void backward(
            Tensor dTableTensor,
            Optional<Tensor> dPositionsTensor,
            Tensor dyTensor,
            Tensor idsTensor,
            float scale,
            int padding) {
        Values dTable = Values.of(dTableTensor);
        Optional<Values> dPositions = dPositionsTensor.map(Values::of);
        Values dy = Values.of(dyTensor);
        int C = dTableTensor.shape().last();
        int[] ids = ids(idsTensor, dTableTensor);
        int P = dPositions.isPresent() ? dPositions.get().size() / C : Integer.MAX_VALUE;
        int[] rows = positionRows(ids, idsTensor, P, padding, 0);
        for (int n = 0; n < ids.length; n++) {
            if (padding >= 0 && ids[n] == padding) {
                continue;
            }
            for (int c = 0; c < C; c++) {
                dTable.add(ids[n] * C + c, scale * dy.get(n * C + c));
                if (dPositions.isPresent()) {
                    dPositions.get().add(rows[n] * C + c, dy.get(n * C + c));
                }
            }
        }
    }

    @Override
    public void sinusoidal(Tensor positionsTensor, int padding) {
        Values positions = Values.of(positionsTensor);
        int P = positionsTensor.shape().extent(0);
        int C = positionsTensor.shape().extent(1);
        int half = C / 2;
        for (int p = 0; p < P; p++) {
            for (int c = 0; c < C; c++) {
                positions.set(p * C + c, 0);
            }
            for (int i = 0; i < half && p != padding; i++) {
                double angle = p * Math.exp(-i * (Math.log(LONGEST_WAVE) / (half - 1)));
                positions.set(p * C + i, Math.sin(angle));
                positions.set(p * C + half + i, Math.cos(angle));
            }
        }
    }

    private static int[] ids(Tensor idsTensor, Tensor tableTensor) {
        Integers ids = Integers.of(idsTensor);
        int[] verified = new int[ids.size()];
        for (int n = 0; n < verified.length; n++) {
            verified[n] = ids.verified(n, 0, tableTensor.shape().extent(0) - 1, "Embedding: ids");
        }
        return verified;
    }

    /// The row of the position table that each token takes.
    private static int[] positionRows(int[] ids, Tensor idsTensor, int P, int padding, int start) {
        int T = idsTensor.shape().extent(1);
        int[] rows = new int[ids.length];
        int real = 0;
        for (int n = 0; n < ids.length; n++) {
            real = n % T == 0 ? 0 : real;
            long row;
            if (padding < 0) {
                row = (long) start + n % T;
            } else if (ids[n] == padding) {
                row = padding;
            } else {
                row = (long) start + padding + ++real;
            }
            if (row >= P) {
                throw new IllegalArgumentException(
                        "Embedding: token %d needs position %d of a table of %d: allocate a longer one"
                                .formatted(n, row, P));
            }
            rows[n] = (int) row;
        }
        return rows;
    }
}
