package dev.tandem.lab.data;

import dev.tandem.lab.BadInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Text of other domains than the training text, as the paper measures on the subsets of the Pile.
///
/// Without paths it is what lies beside the sources in a JDK: licence texts (`legal/`), C headers
/// (`include/`) and manual pages (`man/`). The result is the unweighted mean of the perplexities of
/// the sets, as in the paper.
public final class OutOfDomain {
    private OutOfDomain() {}

    /// One corpus per path.
    ///
    /// @throws BadInputException if a path cannot be read as text
    public static List<Corpus> read(List<Path> paths, long limitBytes) {
        var reader = new CorpusReader(limitBytes);
        return paths.stream().map(reader::read).toList();
    }

    /// The sets that the JDK offers; those that this JDK lacks are left out.
    ///
    /// @param javaHome the JDK's folder
    public static List<Corpus> jdk(Path javaHome, long limitBytes) {
        var sets = new ArrayList<Corpus>();
        add(sets, "jdk-licences", javaHome.resolve("legal"), limitBytes);
        add(sets, "jdk-c-headers", javaHome.resolve("include"), limitBytes);
        add(sets, "jdk-manuals", javaHome.resolve("man"), limitBytes);
        return List.copyOf(sets);
    }

    private static void add(List<Corpus> sets, String name, Path folder, long limitBytes) {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try {
            var corpus = new CorpusReader(limitBytes).read(folder);
            sets.add(new Corpus(name, corpus.documents(), corpus.availableBytes(), corpus.skippedFiles()));
        } catch (BadInputException e) {
            System.getLogger(OutOfDomain.class.getName())
                    .log(System.Logger.Level.DEBUG, "left out " + name + ": " + e.getMessage());
        }
    }
}
