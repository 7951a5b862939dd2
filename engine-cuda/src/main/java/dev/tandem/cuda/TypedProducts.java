package dev.tandem.cuda;

import dev.tandem.engine.ElementType;
import dev.tandem.engine.Tensor;

/// The products for rows of F32 and of BF16.
record TypedProducts(Products f32, Products bf16) {
    /// Our own.
    static TypedProducts of(CudaQueue queue) {
        var rowProducts = new RowProducts(queue);
        return new TypedProducts(
                new F32Products(rowProducts, new WeightProducts(queue)), new Bf16Products(queue, rowProducts));
    }

    /// These, or those of a library where it has them.
    TypedProducts orBy(MatmulSetup library, CudaQueue queue, Rounding rounding) {
        var shared = LibraryProducts.Shared.of(queue, library, rounding);
        return new TypedProducts(
                new LibraryProducts(queue, f32, ElementType.F32, shared),
                new LibraryProducts(queue, bf16, ElementType.BF16, shared));
    }

    /// Those for rows like this.
    Products of(Tensor rows) {
        return rows.type() == ElementType.BF16 ? bf16 : f32;
    }
}
