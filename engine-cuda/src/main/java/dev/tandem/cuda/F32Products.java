package dev.tandem.cuda;

/// Those of [RowProducts] and [WeightProducts].
record F32Products(RowProducts rowProducts, WeightProducts weightProducts) implements Products {
    @Override
    public int elementBytes() {
        return Float.BYTES;
    }

    @Override
    public long workspaceBytes(ProductRows rows, int columns, int depth) {
        return RowProducts.workspaceBytes(rows, columns, depth);
    }

    @Override
    public boolean streams(ProductRows rows) {
        return RowProducts.streams(rows);
    }

    @Override
    public void plan(ProductRows rows, DeviceAddress workspace) {
        rowProducts.plan(rows, Tiling.size(Tiling.isLarge(rows)), workspace);
    }

    @Override
    public void forward(RowProducts.Layer layer, ProductRows rows, DeviceAddress workspace) {
        rowProducts.forward(layer, rows, workspace);
    }

    @Override
    public void forwardWide(RowProducts.Layer layer, ProductRows rows, DeviceAddress workspace) {
        rowProducts.forward(layer, rows, workspace);
    }

    @Override
    public void backward(RowProducts.Gradient gradient, ProductRows rows, DeviceAddress workspace) {
        rowProducts.backward(gradient, rows, workspace);
    }

    @Override
    public void backwardGelu(
            RowProducts.Gradient gradient, DeviceAddress pre, int form, ProductRows rows, DeviceAddress workspace) {
        rowProducts.backwardGelu(gradient, pre, form, rows, workspace);
    }

    @Override
    public long gradientWorkspaceBytes(ProductRows rows, int out, int in) {
        return WeightProducts.workspaceBytes(rows, out, in);
    }

    @Override
    public void accumulate(WeightProducts.Gradient gradient, ProductRows rows, DeviceAddress workspace) {
        weightProducts.accumulate(gradient, rows, workspace);
    }
}
