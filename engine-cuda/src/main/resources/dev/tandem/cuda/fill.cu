#include "philox.cuh"

// Grid: a thread per element, striding. Constants are bound by bytes, 4 per element; random values
// by the arithmetic of Philox and, for normal and gumbel, of double precision.

struct FillConstantArguments {
    float* y;
    int64 count;
    float value;
};

TANDEM_KERNEL(fill_constant, FillConstantArguments, 256) {
    for (int64 i = first_element(); i < arguments.count; i += element_stride()) {
        arguments.y[i] = arguments.value;
    }
}

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

struct FillUniformArguments {
    float* y;
    int64 count;
    uint64 seed;
    uint64 stream;
    float low;
    float high;
};

TANDEM_KERNEL(fill_uniform, FillUniformArguments, 256) {
    double low = arguments.low;
    double range = (double) arguments.high - low;
    for (int64 i = first_element(); i < arguments.count; i += element_stride()) {
        arguments.y[i] = (float) (low + range * philox_uniform(arguments.seed, arguments.stream, i));
    }
}

struct FillNormalArguments {
    float* y;
    int64 count;
    uint64 seed;
    uint64 stream;
    float mean;
    float deviation;
};

TANDEM_KERNEL(fill_normal, FillNormalArguments, 256) {
    for (int64 i = first_element(); i < arguments.count; i += element_stride()) {
        double z = philox_normal(arguments.seed, arguments.stream, i);
        arguments.y[i] = (float) (arguments.mean + arguments.deviation * z);
    }
}

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
