package dev.tandem.lab.data;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/// Text to train or to measure on, held in memory.
///
/// @param name what the text is, for reports
/// @param documents at least one, ordered by name
/// @param availableBytes bytes of text found before the limit was applied
/// @param skippedFiles files left out because they are binary, empty, unreadable or copies of another
public record Corpus(String name, List<Document> documents, long availableBytes, int skippedFiles) {
    public Corpus {
        documents = List.copyOf(documents);
        if (documents.isEmpty()) {
            throw new IllegalArgumentException("corpus " + name + " must hold at least one document");
        }
    }

    /// Bytes of text in memory.
    public long bytes() {
        return documents.stream().mapToLong(document -> document.text().length).sum();
    }

    /// SHA-256 over names and contents in order: two runs that print the same hash saw the same
    /// text.
    public String sha256() {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            for (var document : documents) {
                digest.update(
                        (document.name() + '\0' + document.text().length + '\0').getBytes(StandardCharsets.UTF_8));
                digest.update(document.text());
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
