package dev.tandem.cpu;

/// Operands of attention's backward, shared by its workers.
final class AttentionGradients {
    int T;
    int H;
    int D;
    long dqkv;
    long dy;
    long y;
    long logSumExp;
    long qkv;
    /// 0 if absent.
    long padding;

    float dropout;
    long seed;
    long stream;

    int panels() {
        return Math.ceilDiv(T, GemmTile.WIDTH);
    }

    long rowBytes() {
        return (long) H * D * Float.BYTES;
    }
}
