package dev.tandem.lab.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tandem.lab.BadInputException;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class SplitTest {
    private static Corpus corpus(int documents, int bytes) {
        return new Corpus(
                "test",
                IntStream.range(0, documents)
                        .mapToObj(i -> new Document("document" + i, new byte[bytes]))
                        .toList(),
                0,
                0);
    }

    private static List<String> names(List<Document> documents) {
        return documents.stream().map(Document::name).toList();
    }

    @Test
    void everyDocumentIsInExactlyOnePart() {
        var split = Split.of(corpus(1000, 10), 0.1, 7);
        var all = new HashSet<>(names(split.training()));
        assertThat(all).doesNotContainAnyElementsOf(names(split.validation()));
        all.addAll(names(split.validation()));
        assertThat(all).hasSize(1000);
        assertThat(split.validation()).hasSizeBetween(70, 130);
    }

    @Test
    void theSameSeedSplitsAlikeAndAnotherDoesNot() {
        assertThat(names(Split.of(corpus(200, 10), 0.1, 7).validation()))
                .isEqualTo(names(Split.of(corpus(200, 10), 0.1, 7).validation()))
                .isNotEqualTo(names(Split.of(corpus(200, 10), 0.1, 8).validation()));
    }

    @Test
    void addedDocumentsMoveNoOther() {
        var before = names(Split.of(corpus(1000, 10), 0.1, 7).validation());
        var after = names(Split.of(corpus(1500, 10), 0.1, 7).validation());
        assertThat(after).containsAll(before);
    }

    @Test
    void twoDocumentsGiveOneToEachPart() {
        for (long seed = 0; seed < 50; seed++) {
            var split = Split.of(corpus(2, 10), 0.05, seed);
            assertThat(split.training()).hasSize(1);
            assertThat(split.validation()).hasSize(1);
        }
    }

    @Test
    void aSingleDocumentCannotBeSplit() {
        assertThatThrownBy(() -> Split.of(corpus(1, 10), 0.1, 7))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("single document");
    }

    @Test
    void aFractionOutsideZeroToOneIsRefused() {
        for (double fraction : new double[] {0, 1, -1, Double.NaN}) {
            assertThatThrownBy(() -> Split.of(corpus(2, 10), fraction, 7)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
