package dev.tandem.lab.data;

import dev.tandem.lab.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/// Reads text from a file, a folder, a zip archive or the JDK's own sources. The same input gives
/// the same documents in the same order on every system.
///
/// A folder or an archive may hold more than the limit. Then documents are chosen by a hash of
/// their names, which spreads the choice over all folders; a text file is cut after the limit.
public final class CorpusReader {
    private static final long SELECTION_SALT = 0x7461_6e64_656dL;
    private final long limitBytes;

    /// @param limitBytes bytes of text to hold at most, at least 1
    public CorpusReader(long limitBytes) {
        if (limitBytes < 1) {
            throw new IllegalArgumentException("limitBytes must be at least 1, was " + limitBytes);
        }
        this.limitBytes = limitBytes;
    }

    /// Reads a text file, a folder of text files with its sub-folders, or a zip archive of text
    /// files.
    ///
    /// @throws BadInputException if nothing is there, nothing can be read, or nothing is text
    public Corpus read(Path path) {
        if (path.toString().isEmpty()) {
            throw new BadInputException(
                    "corpus", "its name is empty", "Give a text file, a folder of them, or a .zip; . is this folder");
        }
        if (!Files.exists(path)) {
            throw new BadInputException(
                    "corpus " + path,
                    "there is no such file or folder",
                    "Give a text file, a folder of them, or a .zip");
        }
        if (!Files.isReadable(path)) {
            throw new BadInputException("corpus " + path, "it may not be read", "Check its permissions");
        }
        String name = Optional.ofNullable(path.toAbsolutePath().normalize().getFileName())
                .map(Path::toString)
                .orElse("root");
        try {
            if (Files.isDirectory(path)) {
                return select(name, "folder " + path, Sources.folder(path));
            }
            if (name.toLowerCase(Locale.ROOT).endsWith(".zip")) {
                try (var archive = Sources.archive(path)) {
                    return select(name, "archive " + path, archive.entries(any -> true));
                }
            }
            return textFile(name, path);
        } catch (IOException e) {
            throw new BadInputException(
                    "corpus " + path,
                    "it cannot be read (" + e.getMessage() + ")",
                    "Give a readable text file, folder or .zip archive",
                    e);
        }
    }

    /// Reads the sources of module `java.base` from `lib/src.zip` of a JDK.
    ///
    /// @param javaHome the JDK's folder
    /// @throws BadInputException if this JDK came without its sources
    public Corpus jdkSources(Path javaHome) {
        Path archivePath = javaHome.resolve("lib").resolve("src.zip");
        if (!Files.isReadable(archivePath)) {
            throw new BadInputException(
                    "default corpus " + archivePath,
                    "the JDK that runs this program came without its sources",
                    "Install them (on Debian: openjdk-25-source), use another JDK 25 such as Temurin, or give a text with"
                            + " --corpus PATH");
        }
        try (var archive = Sources.archive(archivePath)) {
            return select("jdk-sources/java.base", archivePath.toString(), archive.entries(CorpusReader::isBase));
        } catch (IOException e) {
            throw new BadInputException(
                    "default corpus " + archivePath,
                    "it cannot be read (" + e.getMessage() + ")",
                    "Reinstall the JDK or give a text with --corpus PATH",
                    e);
        }
    }

    private static boolean isBase(String entry) {
        return entry.startsWith("java.base/") && entry.endsWith(".java");
    }

    private Corpus textFile(String name, Path path) throws IOException {
        byte[] text;
        try (var input = Files.newInputStream(path)) {
            text = input.readNBytes(Math.toIntExact(Math.min(limitBytes, Integer.MAX_VALUE - 16L)));
        }
        if (text.length == 0) {
            throw new BadInputException("corpus " + path, "the file is empty", "Give a file that holds text");
        }
        if (Document.isBinary(text)) {
            throw new BadInputException(
                    "corpus " + path,
                    "the file is binary, or text in UTF-16",
                    "Give plain text in UTF-8, a folder of such files, or a .zip of them");
        }
        return new Corpus(name, Paragraphs.split(name, text), Files.size(path), 0);
    }

    /// Reads sources in hash order until the limit is reached, then puts the documents in order of
    /// their names.
    private Corpus select(String name, String where, List<Source> sources) throws IOException {
        if (sources.isEmpty()) {
            throw new BadInputException(
                    "corpus " + where,
                    "it holds no files that may be read",
                    "Check its permissions or give one that holds text files");
        }
        var order = new ArrayList<>(sources);
        order.sort(Comparator.comparingLong((Source source) -> Document.hash(source.name(), SELECTION_SALT))
                .thenComparing(Source::name));
        var documents = new ArrayList<Document>();
        var seen = new HashSet<Long>();
        Predicate<Document> usable = document ->
                document.text().length > 0 && !Document.isBinary(document.text()) && seen.add(document.fingerprint());
        long bytes = 0;
        long available = 0;
        int skipped = 0;
        for (var source : order) {
            available += source.size();
            if (bytes >= limitBytes) {
                continue;
            }
            var document = source.read(limitBytes - bytes);
            if (usable.test(document)) {
                documents.add(document);
                bytes += document.text().length;
            } else {
                skipped++;
            }
        }
        if (documents.isEmpty()) {
            throw new BadInputException(
                    "corpus " + where,
                    "none of its " + sources.size() + " files is text",
                    "Give plain text in UTF-8; empty and binary files are left out");
        }
        documents.sort(Comparator.comparing(Document::name));
        return new Corpus(name, documents, available, skipped);
    }
}
