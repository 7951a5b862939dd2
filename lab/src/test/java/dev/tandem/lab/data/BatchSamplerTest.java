package dev.tandem.lab.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tandem.lab.BadInputException;
import dev.tandem.lab.text.ByteTokenizer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BatchSamplerTest {
    private static final int T = 4;

    /// Bytes 0, 1, 2, … `tokens − 2`, then the separator.
    private static Blocks blocks(int tokens) {
        byte[] text = new byte[tokens - 1];
        for (int i = 0; i < text.length; i++) {
            text[i] = (byte) i;
        }
        return new Blocks("test", TokenStream.of(List.of(new Document("d", text)), new ByteTokenizer()), T);
    }

    private static int[] firstTokens(BatchSampler sampler, int B, int batches) {
        var first = new ArrayList<Integer>();
        int[] ids = new int[B * T];
        int[] targets = new int[B * T];
        for (int i = 0; i < batches; i++) {
            sampler.next(ids, targets);
            for (int row = 0; row < B; row++) {
                first.add(ids[row * T]);
            }
        }
        return first.stream().mapToInt(Integer::intValue).toArray();
    }

    @Test
    void aTargetIsTheTokenThatFollows() {
        int[] ids = new int[T];
        int[] targets = new int[T];
        blocks(9).copy(1, 0, ids, targets);
        assertThat(ids).containsExactly(4, 5, 6, 7);
        assertThat(targets).containsExactly(5, 6, 7, new ByteTokenizer().documentSeparator());
    }

    @Test
    void aRestShorterThanABlockAndItsTargetIsLeftOut() {
        assertThat(blocks(9).count()).isEqualTo(2);
        assertThat(blocks(8).count()).isEqualTo(1);
        assertThat(blocks(5).count()).isEqualTo(1);
    }

    @Test
    void textShorterThanOneBlockIsRefused() {
        assertThatThrownBy(() -> blocks(4))
                .isInstanceOf(BadInputException.class)
                .hasMessageContainingAll("4 tokens", "one block of 4", "--block");
    }

    @Test
    void anEpochHoldsEveryBlockOnceInAnotherOrderThanTheNext() {
        var sampler = new BatchSampler(blocks(161), 4, 7);
        int[] first = firstTokens(sampler, 4, 10);
        int[] second = firstTokens(sampler, 4, 10);
        assertThat(first).doesNotHaveDuplicates().hasSize(40).isNotEqualTo(second);
        assertThat(second).doesNotHaveDuplicates();
        assertThat(sampler.epochs()).isEqualTo(2.0);
    }

    @Test
    void theOrderDependsOnTheSeedAlone() {
        assertThat(firstTokens(new BatchSampler(blocks(161), 4, 7), 4, 10))
                .isEqualTo(firstTokens(new BatchSampler(blocks(161), 5, 7), 5, 8))
                .isNotEqualTo(firstTokens(new BatchSampler(blocks(161), 4, 8), 4, 10));
    }

    @Test
    void aRestoredPositionContinuesAlike() {
        var sampler = new BatchSampler(blocks(161), 3, 7);
        firstTokens(sampler, 3, 17);
        var restored = new BatchSampler(blocks(161), 3, 7);
        restored.seek(sampler.position());
        assertThat(firstTokens(restored, 3, 20)).isEqualTo(firstTokens(sampler, 3, 20));
    }

    @Test
    void aBatchMayBeLargerThanTheText() {
        assertThat(firstTokens(new BatchSampler(blocks(9), 6, 7), 6, 1)).containsOnly(0, 4);
    }

    @Test
    void arraysOfAnotherSizeAreRefused() {
        var sampler = new BatchSampler(blocks(9), 2, 7);
        assertThatThrownBy(() -> sampler.next(new int[7], new int[8]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("B·T=8");
    }
}
