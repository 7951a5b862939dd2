#include "philox.cuh"

// Grid: a thread per element, striding. Constants are bound by bytes, 4 per element; random values
// by the arithmetic of Philox and, for normal and gumbel, of double precision.

template <class Element>
struct FillConstantArguments {
    Element* y;
    int64 count;
    float value;
};

template <class Element>
TANDEM_DEVICE void constant(const FillConstantArguments<Element>& arguments) {
    for (int64 i = first_element(); i < arguments.count; i += element_stride()) {
        store(arguments.y + i, arguments.value);
    }
}

TANDEM_KERNEL(fill_constant, FillConstantArguments<float>, 256) { constant(arguments); }
TANDEM_KERNEL(fill_constant_bf16, FillConstantArguments<bfloat16>, 256) { constant(arguments); }

struct FillIntegersArguments {
    int* y;
    int64 count;
    int value;
};

TANDEM_KERNEL(fill_integers, FillIntegersArguments, 256) {
    for (int64 i = first_element(); i < arguments.count; i += element_stride()) {
        arguments.y[i] = arguments.value;
    }
}

template <class Element>
struct FillUniformArguments {
    Element* y;
    int64 count;
    uint64 seed;
    uint64 stream;
    float low;
    float high;
};

template <class Element>
TANDEM_DEVICE void uniform(const FillUniformArguments<Element>& arguments) {
    double low = arguments.low;
    double range = (double) arguments.high - low;
    for (int64 i = first_element(); i < arguments.count; i += element_stride()) {
        store(arguments.y + i, (float) (low + range * philox_uniform(arguments.seed, arguments.stream, i)));
    }
}

TANDEM_KERNEL(fill_uniform, FillUniformArguments<float>, 256) { uniform(arguments); }
TANDEM_KERNEL(fill_uniform_bf16, FillUniformArguments<bfloat16>, 256) { uniform(arguments); }

template <class Element>
struct FillNormalArguments {
    Element* y;
    int64 count;
    uint64 seed;
    uint64 stream;
    float mean;
    float deviation;
};

template <class Element>
TANDEM_DEVICE void normal(const FillNormalArguments<Element>& arguments) {
    for (int64 i = first_element(); i < arguments.count; i += element_stride()) {
        double z = philox_normal(arguments.seed, arguments.stream, i);
        store(arguments.y + i, (float) (arguments.mean + arguments.deviation * z));
    }
}

TANDEM_KERNEL(fill_normal, FillNormalArguments<float>, 256) { normal(arguments); }
TANDEM_KERNEL(fill_normal_bf16, FillNormalArguments<bfloat16>, 256) { normal(arguments); }

struct FillGumbelArguments {
    float* y;
    int64 count;
    uint64 seed;
    uint64 stream;
};

TANDEM_KERNEL(fill_gumbel, FillGumbelArguments, 256) {
    for (int64 i = first_element(); i < arguments.count; i += element_stride()) {
        arguments.y[i] = (float) philox_gumbel(arguments.seed, arguments.stream, i);
    }
}
