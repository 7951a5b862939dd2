package dev.tandem.cuda;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;

/// The products for rows of F32 and of BF16.
record TypedProducts(Products f32, Products bf16) {
    static TypedProducts of(CudaQueue queue) {
        var rowProducts = new RowProducts(queue);
        return new TypedProducts(
                new F32Products(rowProducts, new WeightProducts(queue)), new Bf16Products(queue, rowProducts));
    }

    /// Those for rows like this.
    Products of(Tensor rows) {
        return rows.type() == ElementType.BF16 ? bf16 : f32;
    }
}
