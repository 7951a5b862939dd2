package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.gpt.DecodeSession;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Sessions append tokens by graphs.
final class DecodeGraphTest {
    private static final int V = 13;
    private static final int L = 2;
    private static final int POSITIONS = 260;
    private static final int PADDING = 0;

    /// Keys of a block of attention: one position more needs another block, and from the second on a kernel
    /// that combines them.
    private static final int CHUNK = 64;

    /// Memory of its own for each tensor, and scratch that never grows again.
    private static final MemorySteps ROOMY = new MemorySteps(1 << 20, 0);

    private static GptConfig config(boolean experts) {
        var dense = GptConfig.gpt3(V, POSITIONS, L, 16, 2);
        return experts ? dense.withExperts(4).withPadding(PADDING) : dense;
    }

    private static Backend open(boolean graphs, MemorySteps steps) {
        return Backend.of(new CudaDevice(new CountingAccelerator(ShimBackend.shim(), graphs), steps));
    }

    private static int[] tokens(int count, long seed) {
        return new Random(seed).ints(count, PADDING + 1, V).toArray();
    }

    /// Hashes of the bits of all logits.
    private static List<Integer> hashes(DecodeSession session, int B, int prompt, int end, long seed) {
        var hashes = new ArrayList<Integer>();
        hashes.add(Arrays.hashCode(session.next(tokens(B * prompt, seed))));
        for (int position = prompt; position < end; position++) {
            hashes.add(Arrays.hashCode(session.next(tokens(B, seed + position))));
        }
        return hashes;
    }

    /// A text, a shorter one after clearing, and two sessions in turns; scratch grows where it can.
    private static List<Integer> decoded(boolean graphs, Precision precision, boolean experts, int B) {
        try (Backend backend = open(graphs, ShimBackend.EXACTLY);
                Gpt model = Gpt.create(backend, config(experts), precision, 3);
                DecodeSession session = model.decode(B, POSITIONS)) {
            var hashes = new ArrayList<>(hashes(session, B, 5, POSITIONS, 1));
            session.clear();
            hashes.addAll(hashes(session, B, 1, 70, 1000));
            session.clear();
            try (DecodeSession other = model.decode(B + 1, 90)) {
                hashes.addAll(hashes(other, B + 1, 60, 61, 2000));
                hashes.addAll(hashes(session, B, 2, 3, 3000));
                for (int turn = 0; turn < 10; turn++) {
                    hashes.add(Arrays.hashCode(session.next(tokens(B, 4000 + turn))));
                    hashes.add(Arrays.hashCode(other.next(tokens(B + 1, 5000 + turn))));
                }
            }
            hashes.add(Arrays.hashCode(session.next(tokens(B, 6000))));
            return hashes;
        }
    }

    @ParameterizedTest
    @CsvSource({"F32, false, 1", "F32, true, 2", "BF16, false, 2", "BF16, true, 1", "F32, false, 9"})
    void graphsChangeNoBit(Precision precision, boolean experts, int B) {
        assertThat(decoded(true, precision, experts, B)).isEqualTo(decoded(false, precision, experts, B));
    }

    @ParameterizedTest
    @CsvSource({"F32, false", "F32, true", "BF16, false", "BF16, true"})
    void aTokenIsOneLaunchWithItsPositionAsTheOnlyNews(Precision precision, boolean experts) {
        var counting = new CountingAccelerator(ShimBackend.shim());
        try (Backend backend = Backend.of(new CudaDevice(counting, ROOMY));
                Gpt model = Gpt.create(backend, config(experts), precision, 3);
                DecodeSession session = model.decode(POSITIONS)) {
            session.next(tokens(2, 1));
            session.next(tokens(1, 2));
            assertThat(counting.calls()).containsEntry("graph", 1).containsEntry("launch", 1);
            counting.kernels();
            for (int position = 3; position < POSITIONS; position++) {
                session.next(tokens(1, position));
                Map<String, Integer> calls = counting.calls();
                assertThat(counting.kernels()).as("kernels beside the graph").isZero();
                assertThat(calls).as("position %d", position).isEqualTo(expected(position, experts));
            }
            session.clear();
            for (int position = 0; position < POSITIONS; position++) {
                session.next(tokens(1, position));
                // both graphs are there already
                assertThat(counting.calls()).containsEntry("launch", 1).doesNotContainKeys("graph", "allocate");
            }
        }
    }

    /// Ids, with padding a mask, and logits with the kernels' complaint are copied; memory is as it was.
    private static Map<String, Integer> expected(int position, boolean experts) {
        int uploads = experts ? 2 : 1;
        if (position == CHUNK) {
            return Map.of("upload", uploads, "graph", 1, "launch", 1, "download", 2);
        }
        // with a block more attention has another grid, and combines one more
        int updates = position % CHUNK == 0 ? 1 + 2 * L : 1;
        return Map.of("upload", uploads, "update", updates, "launch", 1, "download", 2);
    }

    @Test
    void graphsGoWithTheirSession() {
        var counting = new CountingAccelerator(ShimBackend.shim());
        try (Backend backend = Backend.of(new CudaDevice(counting, ROOMY));
                Gpt model = Gpt.create(backend, config(false), 3)) {
            try (DecodeSession session = model.decode(POSITIONS)) {
                session.next(tokens(1, 1));
                session.next(tokens(CHUNK, 1));
                session.next(tokens(1, 1));
                assertThat(counting.calls()).containsEntry("graph", 2).doesNotContainKey("free graph");
            }
            assertThat(counting.calls()).containsEntry("free graph", 2);
        }
    }
}
