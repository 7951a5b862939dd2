#include "four.cuh"

// Squares in double precision: a block for every chunk of a gradient, then one block for the chunks
// of all. Which thread adds what follows from the sizes alone. Bound by bytes: 4 per element.

constexpr int GRADIENT_NORM_CHUNK = 32768; // CudaGradientNorm has the same

struct GradientNormSquaresArguments {
    double* squares; // one for each chunk
    const float* gradient;
    int64 count;
    float scale;
};

TANDEM_KERNEL(gradient_norm_squares, GradientNormSquaresArguments, 256) {
    __shared__ double partial[WARP];
    int64 begin = (int64) blockIdx.x * GRADIENT_NORM_CHUNK;
    int64 end = min(begin + GRADIENT_NORM_CHUNK, arguments.count);
    double sum = 0;
    for (int64 i = begin + 4 * threadIdx.x; i < end; i += 4 * blockDim.x) {
        Four four = load_four(arguments.gradient, i, end);
        for (int k = 0; k < 4; k++) {
            double value = four.at[k];
            sum += value * value;
        }
    }
    sum = block_sum(sum, partial);
    if (threadIdx.x == 0) {
        double scale = arguments.scale;
        arguments.squares[blockIdx.x] = scale * scale * sum;
    }
}

struct GradientNormFactorArguments {
    float* norm;
    const double* squares;
    int64 chunks;
    float clip;
};

TANDEM_KERNEL(gradient_norm_factor, GradientNormFactorArguments, 1024) {
    __shared__ double partial[WARP];
    double sum = 0;
    for (int64 chunk = threadIdx.x; chunk < arguments.chunks; chunk += blockDim.x) {
        sum += arguments.squares[chunk];
    }
    double norm = sqrt(block_sum(sum, partial));
    if (threadIdx.x == 0) {
        double factor = arguments.clip / (norm + 1e-6);
        arguments.norm[0] = (float) norm;
        // a comparison, so that the norm of a NaN clips to NaN
        arguments.norm[1] = arguments.clip == 0 || factor > 1 ? 1 : (float) factor;
    }
}
