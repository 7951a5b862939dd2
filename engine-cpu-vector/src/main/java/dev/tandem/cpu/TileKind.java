package dev.tandem.cpu;

import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.constant.MethodTypeDesc;

/// The methods of [GemmTile]; for each number of rows [TileCode] generates one without that parameter.
enum TileKind {
    ONE("multiply"),
    READING("multiplyAndRead"),
    PAIR("multiplyPair"),
    PANELS("multiplyPanels"),
    WEIGHTS("multiplyWeights"),
    HALF_WEIGHTS("multiplyHalfWeights");

    final String method;

    TileKind(String method) {
        this.method = method;
    }

    /// Vectors of a row of C.
    int vectors() {
        return switch (this) {
            case PAIR -> 4;
            case ONE, READING, PANELS, WEIGHTS -> 2;
            case HALF_WEIGHTS -> 1;
        };
    }

    /// Most rows of a tile.
    int rows() {
        return switch (this) {
            case ONE, READING, PANELS -> GemmTile.ROWS;
            case PAIR -> GemmTile.PAIR_ROWS;
            case WEIGHTS -> GemmTile.WEIGHT_ROWS;
            case HALF_WEIGHTS -> GemmTile.HALF_WEIGHT_ROWS;
        };
    }

    /// Whether A is weights as they lie.
    boolean ofWeights() {
        return this == WEIGHTS || this == HALF_WEIGHTS;
    }

    MethodTypeDesc type() {
        return switch (this) {
            case ONE -> MethodTypeDesc.of(CD_void, CD_int, CD_long, CD_long, CD_long, CD_long, CD_boolean);
            case READING ->
                MethodTypeDesc.of(CD_long, CD_int, CD_long, CD_long, CD_long, CD_long, CD_long, CD_long, CD_boolean);
            case PAIR -> MethodTypeDesc.of(CD_void, CD_int, CD_long, CD_long, CD_long, CD_long, CD_long, CD_boolean);
            case WEIGHTS, HALF_WEIGHTS ->
                MethodTypeDesc.of(CD_void, CD_int, CD_long, CD_long, CD_long, CD_long, CD_boolean);
            case PANELS -> MethodTypeDesc.of(CD_void, CD_int, CD_long, CD_long, CD_long, CD_boolean);
        };
    }
}
