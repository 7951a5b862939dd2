package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class StagingRingTest {
    private static final int COUNT = 4;
    private static final int PIECE = 16;

    /// A device as late as it may be: a copy happens when it, or a later one, is waited for.
    private static final class LateDevice implements StagingRing.Pieces {
        private final byte[] memory = new byte[1024];
        private final byte[][] pieces = new byte[COUNT][PIECE];
        private final Queue<Copy> queue = new ArrayDeque<>();
        private final List<Integer> waits = new ArrayList<>();

        private record Copy(int piece, Runnable run) {}

        @Override
        public MemorySegment memory(int piece) {
            return MemorySegment.ofArray(pieces[piece]);
        }

        @Override
        public void send(int piece, long target, long bytes) {
            queue.add(new Copy(piece, () -> System.arraycopy(pieces[piece], 0, memory, (int) target, (int) bytes)));
        }

        @Override
        public void fetch(int piece, long source, long bytes) {
            queue.add(new Copy(piece, () -> System.arraycopy(memory, (int) source, pieces[piece], 0, (int) bytes)));
        }

        @Override
        public void await(int piece) {
            if (isMoving(piece)) {
                waits.add(piece);
            }
            while (isMoving(piece)) {
                queue.remove().run.run();
            }
        }

        private boolean isMoving(int piece) {
            return queue.stream().anyMatch(copy -> copy.piece == piece);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 17, 32, 63, 64, 65, 300})
    void whatWasUploadedIsDownloaded(int length) {
        var ring = new StagingRing(new LateDevice(), COUNT, PIECE);
        byte[] first = bytes(length, 1);
        byte[] second = bytes(length, 2);

        ring.upload(10, MemorySegment.ofArray(first));
        ring.upload(500, MemorySegment.ofArray(second));

        assertThat(downloaded(ring, 500, length)).isEqualTo(second);
        assertThat(downloaded(ring, 10, length)).isEqualTo(first);
    }

    @Test
    void asManyUploadsAsPiecesWaitForNothing() {
        var device = new LateDevice();
        var ring = new StagingRing(device, COUNT, PIECE);

        for (int i = 0; i < COUNT; i++) {
            ring.upload((long) PIECE * i, MemorySegment.ofArray(bytes(PIECE, i)));
        }
        assertThat(device.waits).isEmpty();

        ring.upload(900, MemorySegment.ofArray(bytes(PIECE, COUNT)));
        assertThat(device.waits).containsExactly(0);
    }

    private static byte[] downloaded(StagingRing ring, long source, int length) {
        byte[] bytes = new byte[length];
        ring.download(MemorySegment.ofArray(bytes), source);
        return bytes;
    }

    private static byte[] bytes(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
