package dev.tandem.cuda;

/// `token_sort.cu`: sorts tokens by a key, equal keys in the order they had. Bound by its launches,
/// three for every 8 bits of the largest key.
final class TokenSort {
    private static final String SOURCE = "token_sort.cu";
    private static final int DIGITS = 256;
    private static final int DIGIT_BITS = 8;
    private static final int CHUNK = 1024; // token_sort.cu has the same

    private final CudaKernel<Count> count;
    private final CudaKernel<Offsets> offsets;
    private final CudaKernel<Move> move;

    record Count(DeviceAddress counts, DeviceAddress keys, int N, int shift) {}

    record Offsets(DeviceAddress counts, int chunks) {}

    record Move(
            DeviceAddress sortedKeys,
            DeviceAddress sortedTokens,
            DeviceAddress keys,
            DeviceAddress tokens,
            DeviceAddress places,
            int N,
            int shift) {}

    /// Keys and the tokens that have them, `N` integers each.
    record Pairs(DeviceAddress keys, DeviceAddress tokens) {
        /// At the start of memory of [#bytes].
        static Pairs at(DeviceAddress address, int N) {
            return new Pairs(address, address.plus((long) N * Integer.BYTES));
        }

        static long bytes(int N) {
            return 2L * N * Integer.BYTES;
        }
    }

    TokenSort(CudaQueue queue) {
        count = queue.kernel(SOURCE, "token_sort_count", Count.class);
        offsets = queue.kernel(SOURCE, "token_sort_offsets", Offsets.class);
        move = queue.kernel(SOURCE, "token_sort_move", Move.class);
    }

    /// Scratch that [#sort] needs.
    static long bytes(int N) {
        return Pairs.bytes(N) + (long) Math.ceilDiv(N, CHUNK) * DIGITS * Integer.BYTES;
    }

    /// Sorts by keys in `0 … largestKey`. The result lies in the pairs given, which change, or in scratch.
    Pairs sort(Pairs pairs, DeviceAddress scratch, int N, int largestKey) {
        int chunks = Math.ceilDiv(N, CHUNK);
        DeviceAddress counts = scratch.plus(Pairs.bytes(N));
        Pairs from = pairs;
        Pairs to = Pairs.at(scratch, N);
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(largestKey);
        for (int shift = 0; shift < bits; shift += DIGIT_BITS) {
            count.launch(Grid.of(chunks, DIGITS), new Count(counts, from.keys, N, shift));
            offsets.launch(Grid.of(1, DIGITS), new Offsets(counts, chunks));
            move.launch(
                    Grid.of(chunks, DIGITS), new Move(to.keys, to.tokens, from.keys, from.tokens, counts, N, shift));
            Pairs sorted = to;
            to = from;
            from = sorted;
        }
        return from;
    }
}
