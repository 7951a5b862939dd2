package dev.tandem.lab.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Cuts one text file into documents, so that a single file can be split into training and
/// validation text.
///
/// A document ends after the first blank line behind a fortieth of the file, but not before 256
/// bytes and at the latest after 8 KiB of text; where no blank line follows within another 8 KiB,
/// at the next line end, else between two characters.
final class Paragraphs {
    private static final int SHORTEST = 256;
    private static final int LONGEST = 8192;
    private static final int DOCUMENTS = 40;

    private Paragraphs() {}

    static List<Document> split(String name, byte[] text) {
        int wanted = Math.clamp(text.length / DOCUMENTS, SHORTEST, LONGEST);
        var documents = new ArrayList<Document>();
        int start = 0;
        while (start < text.length) {
            int end = end(text, start, wanted);
            if (text.length - end < SHORTEST) {
                end = text.length;
            }
            documents.add(
                    new Document("%s#%06d".formatted(name, documents.size()), Arrays.copyOfRange(text, start, end)));
            start = end;
        }
        return documents;
    }

    private static int end(byte[] text, int start, int wanted) {
        int earliest = Math.min(start + wanted, text.length);
        int latest = (int) Math.min((long) earliest + LONGEST, text.length);
        int lineEnd = -1;
        for (int i = earliest; i < latest; i++) {
            if (text[i - 1] == '\n') {
                int blankLineEnd = blankLineEnd(text, i);
                if (blankLineEnd > i) {
                    return blankLineEnd;
                }
                lineEnd = lineEnd < 0 ? i : lineEnd;
            }
        }
        if (lineEnd > 0) {
            return lineEnd;
        }
        int end = latest;
        // continuation bytes of UTF-8 are 10xxxxxx
        while (end < text.length && (text[end] & 0xc0) == 0x80) {
            end++;
        }
        return end;
    }

    /// Where the line after `i` begins if the one at `i` holds nothing but blanks, else `i`.
    private static int blankLineEnd(byte[] text, int i) {
        int end = i;
        while (end < text.length && (text[end] == ' ' || text[end] == '\t' || text[end] == '\r')) {
            end++;
        }
        return end < text.length && text[end] == '\n' ? end + 1 : i;
    }
}
