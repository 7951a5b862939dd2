package dev.tandem.lab.data;

import dev.tandem.lab.BadInputException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A corpus parted into training and validation documents. No document is in both.
///
/// A document is for validation if the hash of its name and the seed falls below the fraction.
/// Where chance gives validation less than half of its fraction in bytes, the documents with the
/// next higher hash follow; one document always stays for training.
///
/// @param training documents in the order of their hash: shuffled, yet always the same
/// @param validation likewise
public record Split(List<Document> training, List<Document> validation) {
    public Split {
        training = List.copyOf(training);
        validation = List.copyOf(validation);
    }

    /// Splits a corpus.
    ///
    /// @param fraction wanted share of validation text, `0 < fraction < 1`
    /// @param seed another seed gives another split
    /// @throws BadInputException if the corpus holds only one document
    public static Split of(Corpus corpus, double fraction, long seed) {
        if (!(fraction > 0 && fraction < 1)) {
            throw new IllegalArgumentException("fraction must be between 0 and 1, was " + fraction);
        }
        var documents = new ArrayList<>(corpus.documents());
        if (documents.size() < 2) {
            throw new BadInputException(
                    "corpus " + corpus.name(),
                    "it holds a single document of " + corpus.bytes()
                            + " bytes, which cannot be split into training and validation",
                    "Give more text");
        }
        // unsigned order: the hash as a fraction of 2^64
        documents.sort(
                Comparator.comparing((Document document) -> Document.hash(document.name(), seed), Long::compareUnsigned)
                        .thenComparing(Document::name));
        double wanted = corpus.bytes() * fraction;
        long bytes = 0;
        int cut = 0;
        while (cut < documents.size() - 1) {
            var next = documents.get(cut);
            boolean chosen = unit(Document.hash(next.name(), seed)) < fraction;
            if (cut > 0 && !chosen && bytes >= wanted / 2) {
                break;
            }
            bytes += next.text().length;
            cut++;
        }
        return new Split(documents.subList(cut, documents.size()), documents.subList(0, cut));
    }

    private static double unit(long hash) {
        return (hash >>> 11) * 0x1.0p-53;
    }
}
