package dev.tandem.cuda;

import dev.tandem.cuda.Matmul.Epilogue;
import dev.tandem.cuda.MatmulLibrary.Operands;
import dev.tandem.engine.ElementType;

/// Products by a library, with what it leaves to be done in passes of our own; what it does not take, and few
/// rows, by our own products.
///
/// | product                          | by the library                              | by a pass of ours           |
/// |----------------------------------|---------------------------------------------|-----------------------------|
/// | forward                          | product, bias if it takes one               | else bias                   |
/// | forward with the tanh form       | product, bias, activation if it takes them  | else as below               |
/// | forward with the erf form        | as forward                                  | activation                  |
/// | dx                               | product                                     |                             |
/// | dx through the activation        | product                                     | slope, activation, unowned rows |
/// | gradient of a weight             | product, added to what is there             | that of the bias            |
///
/// The library's gradient of a bias would overwrite and have the rows' type, its slope of the activation would
/// not leave the activation beside it: neither is used.
///
/// **Experts.** Rows that are known to lie S apart are one batch of E products over all R rows, which needs no
/// count on the host; what nobody owns is made zero before it is summed over. Others are our own products'.
///
/// **Rounding.** With BF16 the bias is rounded to BF16, and so is what is activated in a pass of its own.
final class LibraryProducts implements Products {
    private static final long ALIGNMENT = 256;

    /// What the leading dimension of saved results has to be a multiple of.
    private static final int SAVED_COLUMNS = 8;

    private final Products own;
    private final ElementType type;
    private final MatmulChooser chooser;
    private final ProductPasses productPasses;
    private final PaddedRows padded;
    private final Rounding rounding;
    private final GrowingMemory roundedBias;

    /// @param own our own products of that type
    LibraryProducts(CudaQueue queue, Products own, ElementType type, Shared shared) {
        this.own = own;
        this.type = type;
        chooser = shared.chooser();
        productPasses = shared.passes();
        padded = shared.padded();
        rounding = shared.rounding();
        roundedBias = queue.memory("rounded biases");
    }

    /// What products of both types use.
    record Shared(MatmulChooser chooser, ProductPasses passes, PaddedRows padded, Rounding rounding) {
        static Shared of(CudaQueue queue, MatmulSetup setup, Rounding rounding) {
            return new Shared(
                    new MatmulChooser(queue, setup), new ProductPasses(queue), new PaddedRows(queue), rounding);
        }
    }

    @Override
    public int elementBytes() {
        return own.elementBytes();
    }

    @Override
    public long workspaceBytes(ProductRows rows, int columns, int depth) {
        return ownBytes(own.workspaceBytes(rows, columns, depth)) + gatheredBytes(rows, depth);
    }

    @Override
    public long gradientWorkspaceBytes(ProductRows rows, int out, int in) {
        return ownBytes(own.gradientWorkspaceBytes(rows, out, in)) + gatheredBytes(rows, in);
    }

    private static long ownBytes(long bytes) {
        return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    }

    private long gatheredBytes(ProductRows rows, int columns) {
        return rows.padded() && rows.gathers() ? (long) rows.N() * columns * type.bytes() : 0;
    }

    @Override
    public boolean streams(ProductRows rows) {
        return own.streams(rows);
    }

    /// Rows of experts are cut into tiles only where our own products need them: [#planned].
    @Override
    public void plan(ProductRows rows, DeviceAddress workspace) {
        if (rows.padded()) {
            padded.check(rows);
        } else {
            own.plan(rows, workspace);
        }
    }

    private void planned(ProductRows rows, DeviceAddress workspace) {
        if (rows.padded()) {
            own.plan(rows, workspace);
        }
    }

    private static boolean takes(ProductRows rows) {
        return rows.isDense() || rows.padded();
    }

    @Override
    public void forward(RowProducts.Layer layer, ProductRows rows, DeviceAddress workspace) {
        forward(layer, rows, workspace, type);
    }

    @Override
    public void forwardWide(RowProducts.Layer layer, ProductRows rows, DeviceAddress workspace) {
        forward(layer, rows, workspace, ElementType.F32);
    }

    private void forward(RowProducts.Layer layer, ProductRows rows, DeviceAddress workspace, ElementType result) {
        if (own.streams(rows)) {
            ownForward(layer, rows, workspace, result);
            return;
        }
        boolean done = takes(rows)
                && byLibrary(
                        layer.of(gathered(layer.x(), layer.in(), rows, gatheredAt(workspace, rows, layer))),
                        rows.ungathered(),
                        workspace,
                        result);
        if (!done) {
            planned(rows, workspace);
            ownForward(layer, rows, workspace, result);
        }
    }

    private DeviceAddress gatheredAt(DeviceAddress workspace, ProductRows rows, RowProducts.Layer layer) {
        return workspace.plus(ownBytes(own.workspaceBytes(rows, layer.out(), layer.in())));
    }

    private void ownForward(RowProducts.Layer layer, ProductRows rows, DeviceAddress workspace, ElementType result) {
        if (result == type) {
            own.forward(layer, rows, workspace);
        } else {
            own.forwardWide(layer, rows, workspace);
        }
    }

    /// The rows of x in their own order.
    private DeviceAddress gathered(DeviceAddress x, int columns, ProductRows rows, DeviceAddress room) {
        if (!rows.gathers()) {
            return x;
        }
        padded.gather(type, room, x, columns, rows);
        return room;
    }

    /// The library is asked for as much as it may be able to do, then for less.
    private boolean byLibrary(RowProducts.Layer layer, ProductRows rows, DeviceAddress workspace, ElementType result) {
        boolean adds = !layer.bias().equals(DeviceAddress.NONE);
        boolean saves = !layer.saved().equals(DeviceAddress.NONE);
        boolean activates = layer.form() == RowProducts.TANH && (!saves || layer.out() % SAVED_COLUMNS == 0);
        boolean passes = layer.form() != RowProducts.IDENTITY || saves;
        if (activates && product(layer, Epilogue.of(adds, true, saves), rows, workspace, result)) {
            return true;
        }
        RowProducts.Layer sums = layer.sums();
        if (adds && product(sums, Epilogue.BIAS, rows, workspace, result)) {
            if (passes) {
                productPasses.activate(result, layer, sums.y(), DeviceAddress.NONE, rows);
            }
            return true;
        }
        if (product(sums, Epilogue.NONE, rows, workspace, result)) {
            if (adds || passes) {
                productPasses.activate(result, layer, sums.y(), layer.bias(), rows);
            }
            return true;
        }
        return false;
    }

    private boolean product(
            RowProducts.Layer layer, Epilogue epilogue, ProductRows rows, DeviceAddress workspace, ElementType result) {
        boolean biasesAligned = (long) layer.out() * result.bytes() % MatmulLibrary.ALIGNMENT == 0;
        if (epilogue.adds() && rows.E() > 1 && !biasesAligned) {
            return false;
        }
        Matmul matmul = Matmul.forward(type, result, rows.matrixRows(), layer.out(), layer.in(), rows.E(), epilogue);
        if (chooser.refuses(matmul)) {
            return false;
        }
        DeviceAddress bias = epilogue.adds() ? biasAs(result, layer, rows) : DeviceAddress.NONE;
        var operands = new Operands(layer.weight(), layer.x(), layer.y(), bias, layer.saved());
        return chooser.run(matmul, operands, rows.counts(), (y, saved) -> {
            planned(rows, workspace);
            ownForward(layer.trial(y, saved, epilogue), rows, workspace, result);
        });
    }

    /// The library wants a bias of the results' type.
    private DeviceAddress biasAs(ElementType result, RowProducts.Layer layer, ProductRows rows) {
        if (result == ElementType.F32) {
            return layer.bias();
        }
        long count = (long) rows.E() * layer.out();
        DeviceAddress rounded = roundedBias.holding(count * Short.BYTES);
        rounding.round(rounded, layer.bias(), count);
        return rounded;
    }

    @Override
    public void backward(RowProducts.Gradient gradient, ProductRows rows, DeviceAddress workspace) {
        if (!takes(rows) || !byLibrary(gradient, rows, workspace)) {
            planned(rows, workspace);
            own.backward(gradient, rows, workspace);
        }
    }

    private boolean byLibrary(RowProducts.Gradient gradient, ProductRows rows, DeviceAddress workspace) {
        Matmul matmul = Matmul.backward(type, rows.matrixRows(), gradient.out(), gradient.in(), rows.E());
        return chooser.run(
                matmul, Operands.of(gradient.weight(), gradient.dy(), gradient.dx()), rows.counts(), (dx, saved) -> {
                    planned(rows, workspace);
                    own.backward(gradient.into(dx), rows, workspace);
                });
    }

    @Override
    public void backwardGelu(
            RowProducts.Gradient gradient, DeviceAddress pre, int form, ProductRows rows, DeviceAddress workspace) {
        if (takes(rows) && byLibrary(gradient, rows, workspace)) {
            productPasses.throughGelu(type, pre, gradient.dx(), gradient.in(), form, rows);
        } else {
            planned(rows, workspace);
            own.backwardGelu(gradient, pre, form, rows, workspace);
        }
    }

    @Override
    public void accumulate(WeightProducts.Gradient gradient, ProductRows rows, DeviceAddress workspace) {
        if (!takes(rows) || !byLibrary(gradient, rows, workspace)) {
            own.accumulate(gradient, rows, workspace);
        }
    }

    private boolean byLibrary(WeightProducts.Gradient gradient, ProductRows rows, DeviceAddress workspace) {
        long ownBytes = ownBytes(own.gradientWorkspaceBytes(rows, gradient.out(), gradient.in()));
        DeviceAddress x = gathered(gradient.x(), gradient.in(), rows, workspace.plus(ownBytes));
        if (!rows.isDense()) {
            padded.clear(type, gradient.dy(), gradient.out(), rows);
            if (!rows.gathers()) {
                padded.clear(type, x, gradient.in(), rows);
            }
        }
        Matmul matmul = Matmul.gradient(type, rows.matrixRows(), gradient.out(), gradient.in(), rows.E());
        boolean done = chooser.run(
                matmul,
                Operands.of(x, gradient.dy(), gradient.dWeight()),
                DeviceAddress.NONE,
                (dWeight, saved) -> own.accumulate(gradient.weightInto(dWeight), rows, workspace));
        if (done && !gradient.dBias().equals(DeviceAddress.NONE)) {
            productPasses.bias(type, gradient.dBias(), gradient.dy(), gradient.out(), rows);
        }
        return done;
    }
}
