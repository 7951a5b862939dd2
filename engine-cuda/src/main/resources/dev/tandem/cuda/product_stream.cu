#include "product.cuh"

// Products of few rows, dense or of experts: y = gelu(x·weightᵀ + bias). Grid: a warp for two columns of
// y, that is two rows of the weight; in y the experts. Bound by the bytes of the weight, which are read
// once for every eight rows; x comes from the L1 cache.

constexpr int STREAM_ROWS = 8;
constexpr int STREAM_COLUMNS = 2;

template <class Precision>
struct ProductStreamArguments {
    typename Precision::Result* y;
    typename Precision::Result* saved;
    const typename Precision::Element* x;
    const typename Precision::Element* weight;
    const float* bias;
    const int* starts; // null: one matrix and all N rows
    const int* counts;
    const int* choiceOf; // null: x has the rows of y
    Complaint* complaint;
    int N;
    int out;
    int in;
    int K;
    int choices;
    int form;
};

TANDEM_DEVICE float dot(float4 a, float4 b) { return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w; }

// The products of ROWS rows with two rows of the weight: every lane takes each 32nd quad of k.
template <int ROWS, class Element>
TANDEM_DEVICE void stream_dots(
        const Element* const (&x)[ROWS],
        const Element* const (&weight)[STREAM_COLUMNS],
        int in,
        bool vector,
        float (&sums)[ROWS][STREAM_COLUMNS]) {
    TANDEM_UNROLL_4
    for (int k = lane() * QUAD; k < in; k += WARP * QUAD) {
        float4 w[STREAM_COLUMNS];
        TANDEM_UNROLL
        for (int c = 0; c < STREAM_COLUMNS; c++) {
            w[c] = get_quad(weight[c] + k, in - k, vector);
        }
        TANDEM_UNROLL
        for (int n = 0; n < ROWS; n++) {
            float4 value = x[n] ? get_quad(x[n] + k, in - k, vector) : no_quad();
            TANDEM_UNROLL
            for (int c = 0; c < STREAM_COLUMNS; c++) {
                sums[n][c] += dot(value, w[c]);
            }
        }
    }
}

// Rows first … first + ROWS − 1 of the expert, of which `count` exist, in columns from `column` on.
template <int ROWS, class Precision>
TANDEM_DEVICE void stream_rows(
        const ProductStreamArguments<Precision>& arguments,
        const RowsOf<typename Precision::Element>& rows,
        const typename Precision::Element* matrix,
        const ActivatedAs<typename Precision::Result>& epilogue,
        int first,
        int count,
        int column) {
    int in = arguments.in;
    const typename Precision::Element* x[ROWS];
    const typename Precision::Element* weight[STREAM_COLUMNS];
    float sums[ROWS][STREAM_COLUMNS] = {};
    TANDEM_UNROLL
    for (int n = 0; n < ROWS; n++) {
        x[n] = n < count ? rows.row(first + n) : nullptr;
    }
    TANDEM_UNROLL
    for (int c = 0; c < STREAM_COLUMNS; c++) {
        weight[c] = matrix + (int64) min(column + c, arguments.out - 1) * in;
    }
    stream_dots<ROWS>(x, weight, in, aligned(matrix, in) && aligned(rows.base, in), sums);
    float mine = 0; // lane n · 2 + c keeps the sum of row n and column c
    TANDEM_UNROLL
    for (int n = 0; n < ROWS; n++) {
        TANDEM_UNROLL
        for (int c = 0; c < STREAM_COLUMNS; c++) {
            float sum = warp_sum(sums[n][c]);
            mine = lane() == n * STREAM_COLUMNS + c ? sum : mine;
        }
    }
    int n = lane() / STREAM_COLUMNS;
    int c = lane() % STREAM_COLUMNS;
    if (n < min(ROWS, count) && column + c < arguments.out) {
        epilogue(first + n, column + c, 1, make_float4(mine, 0, 0, 0));
    }
}

template <class Precision>
TANDEM_DEVICE void stream(const ProductStreamArguments<Precision>& arguments) {
    int e = blockIdx.y;
    int column = first_row() * STREAM_COLUMNS;
    int start = 0;
    int count = arguments.N;
    if (arguments.starts) {
        start = arguments.starts[e];
        count = owned_rows(arguments.starts, arguments.counts, e, arguments.N, arguments.complaint);
    }
    if (column >= arguments.out || count == 0) {
        return;
    }
    int64 out = arguments.out;
    RowsOf<typename Precision::Element> rows = {
            arguments.x, arguments.in, start, arguments.choiceOf, arguments.K, arguments.choices, arguments.complaint};
    ActivatedAs<typename Precision::Result> epilogue = {
            arguments.y + start * out,
            arguments.saved ? arguments.saved + start * out : nullptr,
            arguments.bias ? arguments.bias + e * out : nullptr,
            out,
            arguments.form};
    const typename Precision::Element* matrix = arguments.weight + e * out * arguments.in;
    for (int first = 0; first < count; first += STREAM_ROWS) {
        int left = count - first;
        if (left == 1) {
            stream_rows<1>(arguments, rows, matrix, epilogue, first, left, column);
        } else if (left == 2) {
            stream_rows<2>(arguments, rows, matrix, epilogue, first, left, column);
        } else if (left <= 4) {
            stream_rows<4>(arguments, rows, matrix, epilogue, first, left, column);
        } else {
            stream_rows<STREAM_ROWS>(arguments, rows, matrix, epilogue, first, left, column);
        }
    }
}

TANDEM_KERNEL(product_stream, ProductStreamArguments<InF32>, 128) { stream(arguments); }
TANDEM_ROOMY_KERNEL(product_stream_bf16, ProductStreamArguments<InBf16>, 128) { stream(arguments); }
TANDEM_ROOMY_KERNEL(product_stream_bf16_wide, ProductStreamArguments<Bf16ToF32>, 128) { stream(arguments); }
