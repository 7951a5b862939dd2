package dev.tandem.cuda;

/// The matrix products of one element type. Operations put operands together and say how many bytes of
/// workspace they have been told; whoever computes the same products from the same operands can stand in
/// for another.
interface Products {
    /// Bytes of an element of rows and weights.
    int elementBytes();

    /// Bytes of the workspace that a product wants, with experts one for all products of their rows. Where rows
    /// of x are gathered, the depth is that of the product that gathers.
    long workspaceBytes(ProductRows rows, int columns, int depth);

    /// Whether [#forward] needs no plan and no workspace.
    boolean streams(ProductRows rows);

    /// Cuts the rows of experts into tiles, which the products after it find in the workspace.
    void plan(ProductRows rows, DeviceAddress workspace);

    /// `y = gelu(x·weightᵀ + bias)`, `saved = x·weightᵀ + bias`.
    void forward(RowProducts.Layer layer, ProductRows rows, DeviceAddress workspace);

    /// The same with results of F32.
    void forwardWide(RowProducts.Layer layer, ProductRows rows, DeviceAddress workspace);

    /// `dx = dy·weight`.
    void backward(RowProducts.Gradient gradient, ProductRows rows, DeviceAddress workspace);

    /// `hidden = gelu(pre)`, `pre = (dy·weight) · gelu'(pre)`, of experts; `gradient.dx` is `hidden`.
    void backwardGelu(
            RowProducts.Gradient gradient, DeviceAddress pre, int form, ProductRows rows, DeviceAddress workspace);

    /// Bytes of the workspace that the gradient of a weight wants.
    long gradientWorkspaceBytes(ProductRows rows, int out, int in);

    /// `dWeight += dyᵀ·x`, `dBias += Σ dy`, in F32. What lies in rows that no expert owns may be overwritten.
    void accumulate(WeightProducts.Gradient gradient, ProductRows rows, DeviceAddress workspace);
}
