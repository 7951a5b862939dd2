// A cuBLASLt that computes on the processor, and of the driver what the bindings of it call. It knows the numbers
// of attributes, types and epilogues from the interface of cuBLASLt 13, not from the bindings under test, and
// answers CUBLAS_STATUS_INVALID_VALUE to whatever does not fit together.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

namespace {
constexpr int SUCCESS = 0;
constexpr int INVALID_VALUE = 7;
constexpr int NOT_SUPPORTED = 15;
constexpr int COMPUTE_32F = 68;
constexpr int R_32F = 0;
constexpr int R_16BF = 14;
constexpr uint64_t ALGORITHM = 0x0123456789abcdef;

struct Layout {
    int type;
    uint64_t rows;
    uint64_t columns;
    int64_t leading;
    int32_t batch = 1;
    int64_t stride = 0;
};

struct Description {
    int32_t turns[2] = {0, 0};
    uint32_t epilogue = 1;
    uintptr_t bias = 0;
    int64_t biasStride = 0;
    uintptr_t saved = 0;
    int64_t savedLeading = 0;
    int64_t savedStride = 0;
};

struct Preference {
    std::map<int, uint64_t> values;
};

struct Algorithm {
    uint64_t data[8];
};

struct Result {
    Algorithm algorithm;
    size_t workspace;
    int state;
    float waves;
    int reserved[4];
};

// descriptions, layouts and preferences that nobody destroyed
int living = 0;

template <typename T>
void made(T** place, T* object) {
    *place = object;
    living++;
}

template <typename T>
int destroyed(T* object) {
    delete object;
    living--;
    return SUCCESS;
}

bool adds(uint32_t epilogue) { return epilogue & 4; }
bool activates(uint32_t epilogue) { return epilogue & 32; }
bool saves(uint32_t epilogue) { return epilogue & 128; }

float load(int type, const void* base, int64_t i) {
    if (type == R_32F) {
        return static_cast<const float*>(base)[i];
    }
    uint32_t bits = static_cast<const uint16_t*>(base)[i] << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

void store(int type, void* base, int64_t i, float value) {
    if (type == R_32F) {
        static_cast<float*>(base)[i] = value;
        return;
    }
    uint32_t bits;
    memcpy(&bits, &value, 4);
    static_cast<uint16_t*>(base)[i] = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

void* moved(int type, const void* base, int64_t elements) {
    return const_cast<char*>(static_cast<const char*>(base)) + elements * (type == R_32F ? 4 : 2);
}

bool fits(const Description& d, const Layout& a, const Layout& b, const Layout& c) {
    uint64_t rows = d.turns[0] ? a.columns : a.rows;
    uint64_t depth = d.turns[0] ? a.rows : a.columns;
    bool shapes = rows == c.rows && depth == (d.turns[1] ? b.columns : b.rows)
            && c.columns == (d.turns[1] ? b.rows : b.columns);
    bool leading = a.leading >= (int64_t) a.rows && b.leading >= (int64_t) b.rows && c.leading >= (int64_t) c.rows;
    bool bias = !adds(d.epilogue) || d.bias % 16 == 0;
    bool saved = !saves(d.epilogue)
            || (d.savedLeading % 8 == 0 && d.savedLeading >= (int64_t) c.rows && d.saved && d.saved % 16 == 0);
    return shapes && leading && bias && saved && a.batch == b.batch && b.batch == c.batch;
}
} // namespace

extern "C" {
int stub_living() { return living; }
int cublasLtCreate(void** handle) {
    *handle = new int(1);
    return SUCCESS;
}
int cublasLtDestroy(void* handle) {
    delete static_cast<int*>(handle);
    return SUCCESS;
}
size_t cublasLtGetVersion() { return STUB_VERSION; }
const char* cublasLtGetStatusString(int status) { return status ? "the stub's words" : "none"; }

int cublasLtMatmulDescCreate(Description** place, int compute, int scale) {
    if (compute != COMPUTE_32F || scale != R_32F) {
        return NOT_SUPPORTED;
    }
    made(place, new Description());
    return SUCCESS;
}
int cublasLtMatmulDescDestroy(Description* description) { return destroyed(description); }
int cublasLtMatmulDescSetAttribute(Description* d, int attribute, const void* value, size_t bytes) {
    void* fields[] = {&d->turns[0], &d->turns[1], nullptr, nullptr, &d->epilogue, &d->bias, nullptr, &d->biasStride,
                      &d->saved, &d->savedLeading, &d->savedStride};
    size_t sizes[] = {4, 4, 0, 0, 4, 8, 0, 8, 8, 8, 8};
    int field = attribute - 3;
    if (field < 0 || field > 10 || !fields[field] || sizes[field] != bytes) {
        return INVALID_VALUE;
    }
    memcpy(fields[field], value, bytes);
    return SUCCESS;
}

int cublasLtMatrixLayoutCreate(Layout** place, int type, uint64_t rows, uint64_t columns, int64_t leading) {
    made(place, new Layout{type, rows, columns, leading});
    return type == R_32F || type == R_16BF ? SUCCESS : NOT_SUPPORTED;
}
int cublasLtMatrixLayoutDestroy(Layout* layout) { return destroyed(layout); }
int cublasLtMatrixLayoutSetAttribute(Layout* layout, int attribute, const void* value, size_t bytes) {
    if (attribute == 5 && bytes == 4) {
        memcpy(&layout->batch, value, 4);
        return SUCCESS;
    }
    if (attribute == 6 && bytes == 8) {
        memcpy(&layout->stride, value, 8);
        return SUCCESS;
    }
    return INVALID_VALUE;
}

int cublasLtMatmulPreferenceCreate(Preference** place) {
    made(place, new Preference());
    return SUCCESS;
}
int cublasLtMatmulPreferenceDestroy(Preference* preference) { return destroyed(preference); }
int cublasLtMatmulPreferenceSetAttribute(Preference* preference, int attribute, const void* value, size_t bytes) {
    if (bytes != (attribute == 1 ? 8 : 4)) {
        return INVALID_VALUE;
    }
    memcpy(&preference->values[attribute], value, bytes);
    return SUCCESS;
}

int cublasLtMatmulAlgoCheck(
        void*, Description* d, Layout* a, Layout* b, Layout* c, Layout* out, const Algorithm* algorithm, Result* result) {
    for (int i = 0; i < 8; i++) {
        if (algorithm->data[i] != ALGORITHM + i) {
            return NOT_SUPPORTED;
        }
    }
    *result = {*algorithm, 1 << 20, SUCCESS, 1, {}};
    return c == out && fits(*d, *a, *b, *c) ? SUCCESS : INVALID_VALUE;
}

// Offers one that wants too much workspace, one that failed, and one that will do.
int cublasLtMatmulAlgoGetHeuristic(
        void*, Description* d, Layout* a, Layout* b, Layout* c, Layout* out, Preference* preference, int most,
        Result* results, int* count) {
    std::map<int, uint64_t> wanted = {{1, 32 << 20}, {3, 2}, {5, 16}, {6, 16}, {7, 16}, {8, 16}};
    if (c != out || most < 3 || preference->values != wanted || !fits(*d, *a, *b, *c)) {
        return INVALID_VALUE;
    }
    *count = 0;
    if (a->rows == 13) {
        return NOT_SUPPORTED;
    }
    Algorithm algorithm;
    for (int i = 0; i < 8; i++) {
        algorithm.data[i] = ALGORITHM + i;
    }
    results[0] = {algorithm, (32 << 20) + 1, SUCCESS, 1, {}};
    results[1] = {algorithm, 0, NOT_SUPPORTED, 1, {}};
    results[2] = {algorithm, 1 << 20, SUCCESS, 1, {}};
    *count = 3;
    return SUCCESS;
}

int cublasLtMatmul(
        void*, Description* d, const float* alpha, const void* a, Layout* la, const void* b, Layout* lb,
        const float* beta, const void* c, Layout* lc, void* out, Layout* lout, const Algorithm* algorithm,
        void* workspace, size_t workspaceBytes, void*) {
    if (c != out || lc != lout || !fits(*d, *la, *lb, *lc) || algorithm->data[7] != ALGORITHM + 7) {
        return INVALID_VALUE;
    }
    memset(workspace, 1, workspaceBytes);
    int64_t depth = d->turns[0] ? la->rows : la->columns;
    for (int64_t batch = 0; batch < lc->batch; batch++) {
        const void* at = moved(la->type, a, batch * la->stride);
        const void* bt = moved(lb->type, b, batch * lb->stride);
        void* ot = moved(lc->type, out, batch * lc->stride);
        for (int64_t column = 0; column < (int64_t) lc->columns; column++) {
            for (int64_t row = 0; row < (int64_t) lc->rows; row++) {
                double sum = 0;
                for (int64_t k = 0; k < depth; k++) {
                    int64_t left = d->turns[0] ? row * la->leading + k : k * la->leading + row;
                    int64_t right = d->turns[1] ? k * lb->leading + column : column * lb->leading + k;
                    sum += (double) load(la->type, at, left) * load(lb->type, bt, right);
                }
                float value = *alpha * (float) sum;
                int64_t i = column * lc->leading + row;
                if (adds(d->epilogue)) {
                    value += load(lc->type, reinterpret_cast<void*>(d->bias), batch * d->biasStride + row);
                }
                if (saves(d->epilogue)) {
                    int64_t place = batch * d->savedStride + column * d->savedLeading + row;
                    store(lc->type, reinterpret_cast<void*>(d->saved), place, value);
                }
                if (activates(d->epilogue)) {
                    double x = value;
                    value = (float) (0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))));
                }
                store(lc->type, ot, i, value + (*beta != 0 ? *beta * load(lc->type, ot, i) : 0));
            }
        }
    }
    return SUCCESS;
}

// ---- of the driver -------------------------------------------------------------------------------

int cuEventCreate(void** event, unsigned) {
    *event = new int(2);
    return SUCCESS;
}
int cuEventDestroy_v2(void* event) {
    delete static_cast<int*>(event);
    return SUCCESS;
}
int cuEventDestroy(void* event) { return cuEventDestroy_v2(event); }
int cuEventRecord(void*, void*) { return SUCCESS; }
int cuEventSynchronize(void*) { return SUCCESS; }
int cuEventElapsedTime(float* time, void*, void*) {
    *time = 1.5f;
    return SUCCESS;
}
int cuEventElapsedTime_v2(float* time, void* begun, void* ended) { return cuEventElapsedTime(time, begun, ended); }
}
