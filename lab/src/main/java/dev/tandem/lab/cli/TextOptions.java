package dev.tandem.lab.cli;

import dev.tandem.lab.data.Blocks;
import dev.tandem.lab.data.Corpus;
import dev.tandem.lab.data.CorpusReader;
import dev.tandem.lab.data.OutOfDomain;
import dev.tandem.lab.data.Split;
import dev.tandem.lab.data.TokenStream;
import dev.tandem.lab.evaluation.TextSet;
import dev.tandem.lab.report.Fields;
import dev.tandem.lab.report.Text;
import dev.tandem.lab.text.Tokenizer;
import dev.tandem.lab.training.ComparisonData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/// The options that choose the text of a comparison.
final class TextOptions {
    private static final int VALIDATION_TOKENS = 131_072;
    private static final long OTHER_LIMIT = 2 << 20;

    @Option(
            names = "--corpus",
            paramLabel = "PATH",
            description = "Text to train on: a text file, a folder of them, or a .zip."
                    + " Default: java.base in lib/src.zip of the JDK that runs this.")
    private Optional<Path> corpus = Optional.empty();

    @Option(
            names = "--corpus-limit",
            paramLabel = "MIB",
            defaultValue = "48",
            description = "MiB of text to read at most, 1 to 1024. Default: ${DEFAULT-VALUE}.")
    private int corpusLimit;

    @Option(
            names = "--out-of-domain",
            paramLabel = "PATH",
            description = "Text of another domain to measure on; may be given several times."
                    + " Default: licences, C headers and manuals of the JDK.")
    private List<Path> outOfDomain = new ArrayList<>();

    @Option(
            names = "--validation",
            paramLabel = "X",
            defaultValue = "0.05",
            description = "Share of the documents held out for validation, 0.001 to 0.5. Default: ${DEFAULT-VALUE}.")
    private double validation;

    @Option(
            names = "--validation-tokens",
            paramLabel = "N",
            description = "Tokens of it that models are measured on, 1 to 100000000."
                    + " Default: 131072, fewer in a run of less than a minute.")
    private Optional<Integer> validationTokens = Optional.empty();

    @Option(
            names = "--tokenizer",
            paramLabel = "NAME",
            defaultValue = "bytes",
            description = "bytes (257 tokens) or gpt2 (50,257). Default: ${DEFAULT-VALUE}.")
    private String tokenizer = "bytes";

    void validate() {
        Ranges.require("--corpus-limit", corpusLimit, 1, 1024);
        Ranges.require("--validation", validation, 0.001, 0.5);
        validationTokens.ifPresent(tokens -> Ranges.require("--validation-tokens", tokens, 1, 100_000_000));
    }

    Tokenizer tokenizer() {
        return Tokenizer.named(tokenizer);
    }

    /// Reads and encodes the text.
    ///
    /// @param T tokens in a block
    /// @param minutes of the run, which measuring must leave to training
    ComparisonData read(Tokenizer encoder, int T, long seed, double minutes, Consumer<String> message) {
        int measured = validationTokens.orElse(
                (int) Math.clamp(minutes * VALIDATION_TOKENS, VALIDATION_TOKENS / 16, VALIDATION_TOKENS));
        Path home = Path.of(System.getProperty("java.home"));
        var reader = new CorpusReader((long) corpusLimit << 20);
        Corpus text = corpus.isPresent() ? reader.read(corpus.get()) : reader.jdkSources(home);
        var split = Split.of(text, validation, seed);
        var training = new Blocks("training text of " + text.name(), TokenStream.of(split.training(), encoder), T);
        var heldOut = new Blocks("validation text of " + text.name(), TokenStream.of(split.validation(), encoder), T);
        var inDomain = TextSet.of(text.name(), heldOut, measured);
        var others = others(home, encoder, T, measured / 2);
        message.accept("corpus %s: %s documents, %s; %s tokens to train on, %s to validate on, %d sets out of domain"
                .formatted(
                        text.name(),
                        Text.grouped(text.documents().size()),
                        Text.scaled((double) text.bytes(), "B"),
                        Text.scaled((double) training.count() * T),
                        Text.scaled(inDomain.tokens()),
                        others.size()));
        var provenance = new Fields()
                .with("corpus", text.name())
                .with("corpusDocuments", text.documents().size())
                .with("corpusBytes", text.bytes())
                .with("corpusBytesAvailable", text.availableBytes())
                .with("corpusFilesSkipped", text.skippedFiles())
                .with("corpusSha256", text.sha256())
                .with("tokenizer", encoder.name())
                .with("trainingTokensAvailable", (long) training.count() * T)
                .with("validationTokens", inDomain.tokens())
                .with("outOfDomain", others.stream().map(TextSet::name).toList());
        return new ComparisonData(encoder, training, inDomain, others, provenance.map());
    }

    private List<TextSet> others(Path home, Tokenizer encoder, int T, int tokens) {
        boolean chosen = !outOfDomain.isEmpty();
        var sets = new ArrayList<TextSet>();
        for (var other : chosen ? OutOfDomain.read(outOfDomain, OTHER_LIMIT) : OutOfDomain.jdk(home, OTHER_LIMIT)) {
            var stream = TokenStream.of(other.documents(), encoder);
            if (chosen || stream.length() > T) {
                sets.add(TextSet.of(
                        other.name(),
                        new Blocks("out-of-domain text " + other.name(), stream, T),
                        Math.max(T, tokens)));
            }
        }
        return sets;
    }
}
