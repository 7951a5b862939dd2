#include "four.cuh"

// Grid: a thread for four elements, striding. Bound by bytes: 28 per element, 2 more for a working copy.

struct AdamWUpdateArguments {
    float* parameter;
    bfloat16* working; // null: there is none
    float* m;
    float* v;
    const float* gradient;
    const float* norm; // [2]: the norm, and the factor that clips
    int64 count;
    float gradientScale;
    float beta1;
    float beta2;
    float rest1; // 1 - beta1
    float rest2; // 1 - beta2
    float epsilon;
    float rootScale;
    float rate;
    float decay; // 1 - learningRate * weightDecay
};

TANDEM_KERNEL(adam_w_update, AdamWUpdateArguments, 256) {
    float scale = arguments.gradientScale * arguments.norm[1];
    for (int64 i = first_four(arguments.parameter); i < arguments.count; i += four_stride()) {
        Four gradient = load_four(arguments.gradient, i, arguments.count);
        Four m = load_four(arguments.m, i, arguments.count);
        Four v = load_four(arguments.v, i, arguments.count);
        Four parameter = load_four(arguments.parameter, i, arguments.count);
        for (int k = 0; k < 4; k++) {
            float g = gradient.at[k] * scale;
            m.at[k] = m.at[k] * arguments.beta1 + g * arguments.rest1;
            v.at[k] = v.at[k] * arguments.beta2 + g * g * arguments.rest2;
            float update = m.at[k] * arguments.rate / (sqrtf(v.at[k]) * arguments.rootScale + arguments.epsilon);
            parameter.at[k] = parameter.at[k] * arguments.decay - update;
        }
        store_four(arguments.m, i, arguments.count, m);
        store_four(arguments.v, i, arguments.count, v);
        store_four(arguments.parameter, i, arguments.count, parameter);
        if (arguments.working) {
            store_four(arguments.working, i, arguments.count, parameter);
        }
    }
}
