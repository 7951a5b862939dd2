#include "four.cuh"

// Squares in double precision: a block for every chunk of every gradient, then one block for the sums
// of all. Which thread adds what follows from the sizes alone. Bound by bytes: 4 per element.

constexpr int GRADIENT_NORM_CHUNK = 32768; // CudaGradientNorm has the same

// CudaGradientNorm writes it.
struct GradientNormEntry {
    const float* gradient;
    int64 count;
    int64 firstChunk;
    double scale;
};

// The last gradient that begins at this chunk or before.
TANDEM_DEVICE const GradientNormEntry* entry_of(const GradientNormEntry* entries, int count, int64 chunk) {
    int low = 0;
    int high = count;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        bool before = entries[middle].firstChunk <= chunk;
        low = before ? middle : low;
        high = before ? high : middle;
    }
    return entries + low;
}

struct GradientNormSquaresArguments {
    double* squares; // one for each chunk
    const GradientNormEntry* entries;
    int gradients;
};

TANDEM_KERNEL(gradient_norm_squares, GradientNormSquaresArguments, 256) {
    __shared__ double partial[WARP];
    const GradientNormEntry* entry = entry_of(arguments.entries, arguments.gradients, blockIdx.x);
    const float* gradient = entry->gradient;
    int64 begin = (blockIdx.x - entry->firstChunk) * GRADIENT_NORM_CHUNK;
    int64 end = min(begin + GRADIENT_NORM_CHUNK, entry->count);
    double sum = 0;
    for (int64 i = begin + 4 * threadIdx.x; i < end; i += 4 * blockDim.x) {
        Four four = load_four(gradient, i, end);
        for (int k = 0; k < 4; k++) {
            double value = four.at[k];
            sum += value * value;
        }
    }
    sum = block_sum(sum, partial);
    if (threadIdx.x == 0) {
        arguments.squares[blockIdx.x] = entry->scale * entry->scale * sum;
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
