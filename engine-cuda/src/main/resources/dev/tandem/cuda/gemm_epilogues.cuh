// What becomes of the results of gemm.cuh: `count` of them from (row, column) on.
#pragma once
#include "gelu.cuh"
#include "gemm_loaders.cuh"

// Activations by number; RowProducts gives it.
constexpr int IDENTITY = 0;
constexpr int GELU_ERF = 1;

TANDEM_DEVICE float activation(float x, int form) {
    return form == IDENTITY ? x : form == GELU_ERF ? gelu_erf(x) : gelu_tanh(x);
}

TANDEM_DEVICE float slope(float x, int form) { return form == GELU_ERF ? gelu_erf_slope(x) : gelu_tanh_slope(x); }

TANDEM_DEVICE float4 activation(float4 x, int form) {
    return make_float4(activation(x.x, form), activation(x.y, form), activation(x.z, form), activation(x.w, form));
}

// y = gelu(value + bias), and value + bias saved if there is a place for it.
template <class Element>
struct ActivatedAs {
    Element* y;
    Element* saved; // null: not wanted
    const float* bias; // null: none
    int64 stride;
    int form; // IDENTITY: y = value + bias

    __device__ __forceinline__ void operator()(int row, int column, int count, float4 value) const {
        float4 pre = value;
        if (bias) {
            pre = plus(pre, get_quad(bias + column, count, aligned(bias, 0)));
        }
        int64 at = row * stride + column;
        if (saved) {
            put_quad(saved + at, pre, count, aligned(saved, stride));
        }
        put_quad(y + at, activation(pre, form), count, aligned(y, stride));
    }
};

typedef ActivatedAs<float> Activated;

// value is the gradient of gelu(pre): gives `hidden` = gelu(pre), and pre makes room for its gradient.
template <class Element>
struct ThroughGeluAs {
    Element* pre;
    Element* hidden;
    int64 stride;
    int form;

    __device__ __forceinline__ void operator()(int row, int column, int count, float4 value) const {
        int64 at = row * stride + column;
        float4 x = get_quad(pre + at, count, aligned(pre, stride));
        float4 dx = make_float4(
                value.x * slope(x.x, form),
                value.y * slope(x.y, form),
                value.z * slope(x.z, form),
                value.w * slope(x.w, form));
        put_quad(hidden + at, activation(x, form), count, aligned(hidden, stride));
        put_quad(pre + at, dx, count, aligned(pre, stride));
    }
};

typedef ThroughGeluAs<float> ThroughGelu;

// y += value, or y = value for a partial sum.
struct Accumulated {
    float* y;
    int64 stride;
    bool add;

    __device__ __forceinline__ void operator()(int row, int column, int count, float4 value) const {
        float* at = y + row * stride + column;
        bool vector = aligned(y, stride);
        put_quad(at, add ? plus(get_quad(at, count, vector), value) : value, count, vector);
    }
};
