package dev.tandem.cuda;

/// Tokens in the order of batch-prioritised queues: a stable radix sort by `gate_order.cu`, three
/// passes of 11 bits, bound by the latency of its twelve launches.
final class CudaGateOrder {
    private static final String SOURCE = "gate_order.cu";
    private static final int DIGIT_BITS = 11;
    private static final int DIGITS = 1 << DIGIT_BITS;
    private static final int PASSES = Math.ceilDiv(Integer.SIZE, DIGIT_BITS);
    private static final int THREADS = 256;

    private final CudaKernel<Digits> digits;
    private final CudaKernel<CudaGateQueue.Scan> scan;
    private final CudaKernel<CudaGateQueue.Rows> starts;
    private final CudaKernel<Sort> sort;

    record Digits(
            DeviceAddress place,
            DeviceAddress histograms,
            DeviceAddress keys,
            int N,
            int digits,
            int shift,
            int chunkTokens) {}

    record Sort(
            DeviceAddress toKeys,
            DeviceAddress toOrder,
            DeviceAddress keys,
            DeviceAddress order,
            DeviceAddress place,
            DeviceAddress firsts,
            DeviceAddress starts,
            int N,
            int digits,
            int shift,
            int chunkTokens) {}

    /// Where the arrays of the sort lie from the keys on.
    private record Room(
            long keys,
            long order,
            long otherKeys,
            long otherOrder,
            long place,
            long table,
            long counts,
            long starts,
            long bytes) {
        static Room of(GateChunks chunks) {
            var plan = new ScratchPlan();
            int N = chunks.N();
            return new Room(
                    plan.add(N, Integer.BYTES),
                    plan.add(N, Integer.BYTES),
                    plan.add(N, Integer.BYTES),
                    plan.add(N, Integer.BYTES),
                    plan.add(N, Integer.BYTES),
                    plan.add((long) chunks.count() * DIGITS, Integer.BYTES),
                    plan.add(DIGITS, Integer.BYTES),
                    plan.add(DIGITS, Integer.BYTES),
                    plan.bytes());
        }
    }

    /// Shares the kernels of the queues, for which a digit is a bin as an expert is.
    CudaGateOrder(CudaQueue queue, CudaKernel<CudaGateQueue.Scan> scan, CudaKernel<CudaGateQueue.Rows> starts) {
        digits = queue.kernel(SOURCE, "queue_digits", Digits.class);
        this.scan = scan;
        this.starts = starts;
        sort = queue.kernel(SOURCE, "queue_sort", Sort.class);
    }

    /// Bytes of scratch.
    static long bytes(GateChunks chunks) {
        return Room.of(chunks).bytes();
    }

    /// Sorts by keys that lie at the beginning of the scratch.
    ///
    /// @return where the sorted tokens lie, `[N]` I32
    DeviceAddress run(DeviceAddress scratch, GateChunks chunks) {
        var room = Room.of(chunks);
        DeviceAddress keys = scratch.plus(room.keys);
        DeviceAddress toKeys = scratch.plus(room.otherKeys);
        DeviceAddress order = DeviceAddress.NONE;
        DeviceAddress toOrder = scratch.plus(room.otherOrder);
        DeviceAddress free = scratch.plus(room.order);
        for (int pass = 0; pass < PASSES; pass++) {
            sortByDigit(scratch, room, chunks, pass * DIGIT_BITS, keys, order, toKeys, toOrder);
            DeviceAddress sorted = toKeys;
            toKeys = keys;
            keys = sorted;
            order = toOrder;
            toOrder = free;
            free = order;
        }
        return order;
    }

    private void sortByDigit(
            DeviceAddress scratch,
            Room room,
            GateChunks chunks,
            int shift,
            DeviceAddress keys,
            DeviceAddress order,
            DeviceAddress toKeys,
            DeviceAddress toOrder) {
        DeviceAddress place = scratch.plus(room.place);
        DeviceAddress table = scratch.plus(room.table);
        DeviceAddress counts = scratch.plus(room.counts);
        DeviceAddress first = scratch.plus(room.starts);
        int N = chunks.N();
        digits.launch(
                Grid.of(chunks.count(), chunks.threads()).shared(DIGITS * Integer.BYTES),
                new Digits(place, table, keys, N, DIGITS, shift, chunks.tokens()));
        scan.launch(CudaGateQueue.tiles(DIGITS, chunks.count()), CudaGateQueue.Scan.of(table, counts, chunks, DIGITS));
        starts.launch(CudaGateQueue.oneBlock(DIGITS), CudaGateQueue.Rows.of(first, counts, DIGITS));
        sort.launch(
                Grid.covering(N, THREADS),
                new Sort(toKeys, toOrder, keys, order, place, table, first, N, DIGITS, shift, chunks.tokens()));
    }
}
