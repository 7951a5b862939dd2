// Operands of attention's forward kernels.
#pragma once
#include "attention.cuh"

template <class Element>
struct AttentionForwardArguments {
    Element* y;
    float* logSumExp; // null: not wanted
    const Element* q;
    const Element* k;
    const Element* v;
    const int* padding; // null: none
    int64 qStride;
    int64 kStride;
    int64 seed;
    int64 stream;
    int T;
    int start;    // keys before the first query
    int capacity; // rows of k from one sequence to the next
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
    const int* padding;
    Dropout dropout;
};

template <class Element>
TANDEM_DEVICE Head<Element> head_of(const AttentionForwardArguments<Element>& arguments, int head) {
    int64 b = head / arguments.H;
    int D = arguments.D;
    int column = head % arguments.H * D;
    int keys = arguments.start + arguments.T;
    const Element* q = arguments.q + b * arguments.T * arguments.qStride + column;
    int64 key = b * arguments.capacity * arguments.kStride + column;
    return {
        rows_of(q, arguments.qStride, arguments.T, D, arguments.scale * LOG2_E),
        rows_of(arguments.k + key, arguments.kStride, keys, D, 1),
        rows_of(arguments.v + key, arguments.kStride, keys, D, 1),
        arguments.padding ? arguments.padding + b * arguments.T : nullptr,
        {(uint64) arguments.seed, (uint64) arguments.stream, arguments.dropout}};
}
