#include "four.cuh"
#include "philox.cuh"

// Grid: a thread for four elements, which are those of one Philox block, striding. Bound by bytes: 8
// per element, 4 in BF16. The result may be the input: a thread reads what it writes before.

template <class Element>
struct DropoutForwardArguments {
    Element* y;
    const Element* x;
    int64 count;
    uint64 seed;
    uint64 stream;
    float probability;
    float scale; // 1 / (1 - probability)
};

template <class Element>
TANDEM_DEVICE void drop(const DropoutForwardArguments<Element>& arguments) {
    for (int64 i = 4 * first_element(); i < arguments.count; i += four_stride()) {
        PhiloxBlock draws = philox_block(arguments.seed, arguments.stream, i / 4);
        Four four = load_four(arguments.x, i, arguments.count);
        for (int k = 0; k < 4; k++) {
            bool kept = philox_unit(draws.word[k]) >= arguments.probability;
            four.at[k] = kept ? four.at[k] * arguments.scale : 0;
        }
        store_four(arguments.y, i, arguments.count, four);
    }
}

TANDEM_KERNEL(dropout_forward, DropoutForwardArguments<float>, 256) { drop(arguments); }
TANDEM_KERNEL(dropout_forward_bf16, DropoutForwardArguments<bfloat16>, 256) { drop(arguments); }
