#include "four.cuh"
#include "gelu.cuh"

// What a library's product leaves to be done with its result; the epilogues of gemm_epilogues.cuh as passes
// of their own. Grid: a warp per row, striding. Bound by bytes, in BF16 4 to 6 per element for the
// activation, 8 for its gradient.

constexpr int PASS_IDENTITY = 0; // RowProducts numbers the activations
constexpr int PASS_ERF = 1;

TANDEM_DEVICE float pass_activation(float x, int form) {
    return form == PASS_IDENTITY ? x : form == PASS_ERF ? gelu_erf(x) : gelu_tanh(x);
}

template <class Element>
struct ProductActivateArguments {
    Element* y;
    Element* saved; // null: not wanted
    const Element* sums;
    const float* bias; // [matrices, columns]; null: none, or in the sums already
    int rows;
    int matrixRows; // rows that share a bias
    int columns;
    int form;
};

// saved = sums + bias, y = gelu(sums + bias). The sums may lie where either result goes: a thread reads
// them before.
template <class Element>
TANDEM_DEVICE void activate(const ProductActivateArguments<Element>& arguments) {
    int columns = arguments.columns;
    for (int64 r = first_row(); r < arguments.rows; r += row_stride()) {
        int64 first = r * columns;
        int64 matrix = r / arguments.matrixRows;
        for (int c = 4 * lane(); c < columns; c += 4 * WARP) {
            Four pre = load_four(arguments.sums + first, c, columns);
            if (arguments.bias) {
                Four bias = load_four(arguments.bias + matrix * columns, c, columns);
                for (int k = 0; k < 4; k++) {
                    pre.at[k] += bias.at[k];
                }
            }
            if (arguments.saved) {
                store_four(arguments.saved + first, c, columns, pre);
            }
            for (int k = 0; k < 4; k++) {
                pre.at[k] = pass_activation(pre.at[k], arguments.form);
            }
            store_four(arguments.y + first, c, columns, pre);
        }
    }
}

TANDEM_KERNEL(product_activate, ProductActivateArguments<float>, 256) { activate(arguments); }
TANDEM_KERNEL(product_activate_bf16, ProductActivateArguments<bfloat16>, 256) { activate(arguments); }

template <class Element>
struct ProductThroughGeluArguments {
    Element* pre;
    Element* hidden;
    const int* counts;
    int R;
    int S;
    int columns;
    int form;
};

// hidden holds the gradient of gelu(pre): gives hidden = gelu(pre), and pre makes room for its gradient.
// Both become zero in rows that nobody owns, of expert rows S apart.
template <class Element>
TANDEM_DEVICE void through_gelu(const ProductThroughGeluArguments<Element>& arguments) {
    int columns = arguments.columns;
    for (int64 r = first_row(); r < arguments.R; r += row_stride()) {
        bool owned = r % arguments.S < arguments.counts[r / arguments.S];
        Element* pre = arguments.pre + r * columns;
        Element* hidden = arguments.hidden + r * columns;
        for (int c = 4 * lane(); c < columns; c += 4 * WARP) {
            Four x = {};
            Four dx = {};
            if (owned) {
                x = load_four(pre, c, columns);
                dx = load_four(hidden, c, columns);
            }
            for (int k = 0; k < 4; k++) {
                dx.at[k] *= arguments.form == PASS_ERF ? gelu_erf_slope(x.at[k]) : gelu_tanh_slope(x.at[k]);
                x.at[k] = pass_activation(x.at[k], arguments.form);
            }
            store_four(hidden, c, columns, x);
            store_four(pre, c, columns, dx);
        }
    }
}

TANDEM_KERNEL(product_through_gelu, ProductThroughGeluArguments<float>, 256) { through_gelu(arguments); }
TANDEM_KERNEL(product_through_gelu_bf16, ProductThroughGeluArguments<bfloat16>, 256) { through_gelu(arguments); }
