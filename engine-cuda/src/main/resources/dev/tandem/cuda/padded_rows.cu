#include "four.cuh"

// Expert rows that lie S apart, for products over all R = E·S of them: expert e owns the first counts[e]
// of its S rows, the others must be zero where a product sums over rows. Bound by the bytes of the rows
// they write; a warp per row.

struct PaddedCheckArguments {
    const int* starts;
    const int* counts;
    Complaint* complaint;
    int E;
    int S;
};

// Complains where the rows do not lie as the products assume. Grid: a thread per expert, striding.
TANDEM_KERNEL(padded_check, PaddedCheckArguments, 256) {
    for (int64 e = first_element(); e < arguments.E; e += element_stride()) {
        int start = (int) e * arguments.S;
        verify(arguments.complaint, OPERAND_STARTS, arguments.starts[e], start, start);
        verify(arguments.complaint, OPERAND_COUNTS, arguments.counts[e], 0, arguments.S);
    }
}

template <class Element>
struct PaddedGatherArguments {
    Element* y;
    const Element* x;
    const int* counts;
    const int* choiceOf;
    Complaint* complaint;
    int R;
    int S;
    int C;
    int K;
    int choices;
};

// y[r,:] = x[choiceOf[r]/K,:], zero in rows that nobody owns.
template <class Element>
TANDEM_DEVICE void padded_gather_rows(const PaddedGatherArguments<Element>& arguments) {
    int C = arguments.C;
    for (int64 r = first_row(); r < arguments.R; r += row_stride()) {
        bool owned = r % arguments.S < arguments.counts[r / arguments.S];
        int choice = owned ? arguments.choiceOf[r] : 0;
        owned = owned && verify(arguments.complaint, OPERAND_CHOICE_OF, choice, 0, arguments.choices - 1);
        const Element* from = arguments.x + (owned ? choice / arguments.K : 0) * (int64) C;
        for (int c = 4 * lane(); c < C; c += 4 * WARP) {
            store_four(arguments.y + r * C, c, C, owned ? load_four(from, c, C) : Four{});
        }
    }
}

TANDEM_KERNEL(padded_gather, PaddedGatherArguments<float>, 256) { padded_gather_rows(arguments); }
TANDEM_KERNEL(padded_gather_bf16, PaddedGatherArguments<bfloat16>, 256) { padded_gather_rows(arguments); }

template <class Element>
struct PaddedClearArguments {
    Element* y;
    const int* counts;
    int R;
    int S;
    int C;
};

// Zero in rows that nobody owns; the others are not touched.
template <class Element>
TANDEM_DEVICE void padded_clear_rows(const PaddedClearArguments<Element>& arguments) {
    int C = arguments.C;
    for (int64 r = first_row(); r < arguments.R; r += row_stride()) {
        if (r % arguments.S >= arguments.counts[r / arguments.S]) {
            for (int c = 4 * lane(); c < C; c += 4 * WARP) {
                store_four(arguments.y + r * C, c, C, Four{});
            }
        }
    }
}

TANDEM_KERNEL(padded_clear, PaddedClearArguments<float>, 256) { padded_clear_rows(arguments); }
TANDEM_KERNEL(padded_clear_bf16, PaddedClearArguments<bfloat16>, 256) { padded_clear_rows(arguments); }
