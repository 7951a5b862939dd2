package dev.tandem.cuda;

import java.lang.foreign.MemorySegment;

/// Copies through pieces of host memory that take turns: while the device moves one, the processor fills or
/// empties another.
///
/// An upload waits only for the one that used its piece before, as many pieces ago. Were it to start at
/// the first piece each time, it would wait for the upload just before, and for all the work enqueued in
/// front of that one.
final class StagingRing {
    private final Pieces pieces;
    private final int count;
    private final long pieceBytes;
    private int turn;

    /// Memory that the device can read and write, in pieces of one size.
    interface Pieces {
        MemorySegment memory(int piece);

        /// Enqueues a copy of a piece's first bytes to the device.
        void send(int piece, long target, long bytes);

        /// Enqueues a copy from the device into a piece's first bytes.
        void fetch(int piece, long source, long bytes);

        /// Waits for the last copy of a piece, if there was any.
        void await(int piece);
    }

    /// @param count of the pieces, at least 2
    StagingRing(Pieces pieces, int count, long pieceBytes) {
        this.pieces = pieces;
        this.count = count;
        this.pieceBytes = pieceBytes;
    }

    /// Copies to the device; the source has been read when this returns.
    void upload(long target, MemorySegment source) {
        for (long done = 0; done < source.byteSize(); done += pieceBytes) {
            long bytes = Math.min(pieceBytes, source.byteSize() - done);
            int piece = next();
            pieces.await(piece);
            HostBytes.copy(source, done, pieces.memory(piece), 0, bytes);
            pieces.send(piece, target + done, bytes);
        }
    }

    /// Copies from the device; waits for everything before.
    void download(MemorySegment target, long source) {
        long total = target.byteSize();
        int ahead = next();
        pieces.fetch(ahead, source, Math.min(pieceBytes, total));
        for (long done = 0; done < total; done += pieceBytes) {
            int piece = ahead;
            long following = done + pieceBytes;
            if (following < total) {
                ahead = next();
                pieces.fetch(ahead, source + following, Math.min(pieceBytes, total - following));
            }
            pieces.await(piece);
            HostBytes.copy(pieces.memory(piece), 0, target, done, Math.min(pieceBytes, total - done));
        }
    }

    private int next() {
        int piece = turn;
        turn = (turn + 1) % count;
        return piece;
    }
}
