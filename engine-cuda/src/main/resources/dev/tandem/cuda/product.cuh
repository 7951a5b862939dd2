// What the products of all files share: the rows of an expert, the order of tiles.
#pragma once
#include "gemm.cuh"

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
