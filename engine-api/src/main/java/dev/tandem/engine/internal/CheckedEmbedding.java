package dev.tandem.engine.internal;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Embedding;
import java.util.Optional;

final class CheckedEmbedding extends Checked implements Embedding {
    private final Embedding kernel;

    CheckedEmbedding(Embedding kernel, Guard guard, Backend backend) {
        super(guard, backend, "Embedding");
        this.kernel = kernel;
    }

    @Override
    public void forward(Tensor y, Tensor ids, Tensor table, Tensor positions, float scale, int padding, int start) {
        enter();
        try {
            whole("table", table, working("y", y), 2);
            int C = table.shape().last();
            looksUp("y", y, ids, table, padding);
            rowMajor("positions", positions, ElementType.F32);
            matrix("positions", positions, ElementType.F32, positions.shape().extent(0), C);
            if (start < 0) {
                throw refuse("start must not be negative, was " + start);
            }
            kernel.forward(y, ids, table, positions, scale, padding, start);
        } finally {
            exit();
        }
    }

    @Override
    public void backward(Tensor dTable, Optional<Tensor> dPositions, Tensor dy, Tensor ids, float scale, int padding) {
        enter();
        try {
            whole("dTable", dTable, ElementType.F32, 2);
            looksUp("dy", dy, ids, dTable, padding);
            if (dPositions.isPresent()) {
                Tensor positions = dPositions.get();
                matrix(
                        "dPositions",
                        positions,
                        ElementType.F32,
                        positions.shape().extent(0),
                        dTable.shape().last());
            }
            kernel.backward(dTable, dPositions, dy, ids, scale, padding);
        } finally {
            exit();
        }
    }

    @Override
    public void sinusoidal(Tensor positions, int padding) {
        enter();
        try {
            rowMajor("positions", positions, ElementType.F32);
            if (positions.shape().rank() != 2 || positions.shape().last() < 4) {
                throw refuse("positions must be [P, C] with C of at least 4, was " + positions.shape());
            }
            kernel.sinusoidal(positions, padding);
        } finally {
            exit();
        }
    }

    private void looksUp(String operand, Tensor y, Tensor ids, Tensor table, int padding) {
        usable("ids", ids, ElementType.I32);
        if (ids.shape().rank() != 2) {
            throw refuse("ids must be [B, T], was " + ids.shape());
        }
        cube(
                operand,
                y,
                working(operand, y),
                ids.shape().extent(0),
                ids.shape().extent(1),
                table.shape().last());
        if (padding < -1 || padding >= table.shape().extent(0)) {
            throw refuse("padding must be -1 (none) or a token id below V="
                    + table.shape().extent(0) + ", was " + padding);
        }
    }
}
