// Operands of attention's backward kernels.
#pragma once
#include "attention.cuh"

template <class Element>
struct AttentionBackwardArguments {
    Element* dqkv;
    float* delta;
    float* factor;
    const Element* dy;
    const Element* y;
    const float* logSumExp;
    const Element* qkv;
    const int* padding; // null: none
    int64 seed;
    int64 stream;
    int T;
    int H;
    int D;
    float scale;
    float dropout;
    float keptScale;
};

// Operands of one head.
template <class Element>
struct Head {
    Rows<Element> q;
    Rows<Element> k;
    Rows<Element> v;
    Rows<Element> dy;
    const float* logSumExp;
    const int* padding;
    Dropout dropout;
    int64 dqkv; // offset of its queries' gradient
};

template <class Element>
TANDEM_DEVICE Head<Element> head_of(const AttentionBackwardArguments<Element>& arguments, int head) {
    int T = arguments.T;
    int D = arguments.D;
    int C = arguments.H * D;
    int64 begin = (int64) (head / arguments.H) * T;
    int column = head % arguments.H * D;
    const Element* q = arguments.qkv + begin * 3 * C + column;
    return {
        rows_of(q, 3 * C, T, D, arguments.scale * LOG2_E),
        rows_of(q + C, 3 * C, T, D, 1),
        rows_of(q + 2 * C, 3 * C, T, D, 1),
        rows_of(arguments.dy + begin * C + column, C, T, D, 1),
        arguments.logSumExp + (int64) head * T,
        arguments.padding ? arguments.padding + begin : nullptr,
        {(uint64) arguments.seed, (uint64) arguments.stream, arguments.dropout},
        begin * 3 * C + column};
}

// What is subtracted from exponents of 2. A query that sees nothing has only exponents of −∞.
TANDEM_DEVICE float exponent(float logSumExp) { return logSumExp == minus_infinity() ? 0 : logSumExp * LOG2_E; }
