// What the products of all files share: the rows of an expert, the order of tiles.
#pragma once
#include "gemm.cuh"

// What rows and weights are stored as, and what a product of them is.
struct InF32 {
    typedef float Element;
    typedef float Result;
};

struct InBf16 {
    typedef bfloat16 Element;
    typedef bfloat16 Result;
};

struct Bf16ToF32 {
    typedef bfloat16 Element;
    typedef float Result;
};

// Rows of an expert; none if they are not all in the buffer.
TANDEM_DEVICE int owned_rows(const int* starts, const int* counts, int e, int R, Complaint* complaint) {
    bool right = verify(complaint, OPERAND_STARTS, starts[e], 0, R);
    right = right && verify(complaint, OPERAND_COUNTS, counts[e], 0, R - starts[e]);
    return right ? counts[e] : 0;
}

constexpr int NEIGHBOURS = 16; // row tiles that are made side by side, so that the L2 cache holds their rows

struct TilePlace {
    int row;
    int column;
};

// First row and column of a tile: NEIGHBOURS row tiles by all column tiles, then the next ones.
template <class T>
TANDEM_DEVICE TilePlace tile_place(int tile, int rows, int columns) {
    int across = (columns + T::COLUMNS - 1) / T::COLUMNS;
    int down = (rows + T::ROWS - 1) / T::ROWS;
    int group = tile / (NEIGHBOURS * across) * NEIGHBOURS;
    int inside = tile - group * across;
    int height = min(NEIGHBOURS, down - group);
    return {(group + inside % height) * T::ROWS, inside / height * T::COLUMNS};
}

// An entry of a plan, four integers: expert, its first row tile, its first row, its rows.
constexpr int PLAN_ENTRY = 4;

// A tile's matrix and where it lies in it.
struct Place {
    bool exists;
    int expert;
    int start; // first row of the expert in the buffers
    int rows; // rows of the expert
    int row;
    int column;
};

template <class T>
TANDEM_DEVICE Place place_of(const int* plan, int N, int columns) {
    Place place = {true, 0, 0, N, 0, 0};
    int local = blockIdx.x;
    if (plan) {
        int across = (columns + T::COLUMNS - 1) / T::COLUMNS;
        // the tiles of an expert are made one after the other, so this row tile is one of the expert's
        int tile = local / across;
        place.exists = tile < plan[0];
        if (!place.exists) {
            return place;
        }
        const int* entry = plan + PLAN_ENTRY * (1 + (int64) tile);
        place.expert = entry[0];
        place.start = entry[2];
        place.rows = entry[3];
        local -= entry[1] * across;
    }
    TilePlace tile = tile_place<T>(local, place.rows, columns);
    place.row = tile.row;
    place.column = tile.column;
    return place;
}
