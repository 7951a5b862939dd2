#include "tandem.cuh"

// Grid: a thread per element, striding. Bound by bytes: 12 per element, 6 in BF16.

template <class Element>
struct AddArguments {
    Element* y;
    const Element* a;
    const Element* b;
    int64 count;
};

template <class Element>
TANDEM_DEVICE void add(const AddArguments<Element>& arguments) {
    for (int64 i = first_element(); i < arguments.count; i += element_stride()) {
        store(arguments.y + i, load(arguments.a + i) + load(arguments.b + i));
    }
}

TANDEM_KERNEL(add_forward, AddArguments<float>, 256) { add(arguments); }
TANDEM_KERNEL(add_forward_bf16, AddArguments<bfloat16>, 256) { add(arguments); }
