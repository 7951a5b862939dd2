package dev.tandem.bench.report;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// How a library answered one question beside Tandem.
///
/// @param question what was computed, such as `Linear.forward`
/// @param details its size, and where weights came from
/// @param threads that each was allowed
/// @param library that computed it
/// @param flop floating-point operations of one call
/// @param seconds of one call of the library, one sample per round
/// @param ours seconds of one call of Tandem in the same rounds
/// @param share part of the attainable speed that Tandem reached, one sample per round; absent where ceilings are
/// unknown
/// @param foreign share of the processors' time that neither had during the rounds
public record PeerResult(
        String question,
        String details,
        int threads,
        String library,
        double flop,
        Samples seconds,
        Samples ours,
        Optional<Samples> share,
        double foreign) {
    /// In place of a library Tandem itself: its time over Tandem's is what several threads bring.
    public static final String ALONE = "Tandem on one thread";

    /// What Tandem is beside the library, as far as the rounds can tell.
    enum Verdict {
        FASTER,
        EVEN,
        SLOWER;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// What identifies it between reports.
    String identity() {
        return "%s %s, %s, %s".formatted(question, details, library, threadsText());
    }

    /// Median over the rounds of the library's time over Tandem's: above 1 where Tandem is faster.
    public double advantage() {
        return ratios().median();
    }

    /// The library's time over Tandem's in every round.
    Samples ratios() {
        double[] ratios = seconds.values();
        double[] divisors = ours.values();
        for (int round = 0; round < ratios.length; round++) {
            ratios[round] /= divisors[round];
        }
        return new Samples(ratios);
    }

    Verdict verdict() {
        Samples ratios = ratios();
        if (Math.abs(Math.log(ratios.median())) <= ratios.noise()) {
            return Verdict.EVEN;
        }
        return ratios.median() > 1 ? Verdict.FASTER : Verdict.SLOWER;
    }

    /// Whether the ratio is another one in a later report, beyond the noise of both.
    boolean moved(PeerResult after) {
        return Math.abs(Math.log(after.advantage() / advantage())) > ratios().noise(after.ratios());
    }

    /// The advantage and its noise: `1.95 ± 3 %`.
    String times() {
        return "%s ± %s".formatted(Text.significant(advantage()), Text.percent(ratios().noise()));
    }

    boolean alone() {
        return library.equals(ALONE);
    }

    /// The library's FLOP/s.
    double flops() {
        return flop / seconds.median();
    }

    /// Tandem's FLOP/s.
    double ourFlops() {
        return flop / ours.median();
    }

    /// Whether others used the processors meanwhile.
    boolean disturbed() {
        return foreign > Measurement.DISTURBING;
    }

    /// `2 threads`.
    String threadsText() {
        return threads == 1 ? "1 thread" : threads + " threads";
    }

    Map<String, Object> json() {
        var json = new LinkedHashMap<String, Object>();
        json.put("question", question);
        json.put("details", details);
        json.put("threads", threads);
        json.put("library", library);
        json.put("flop", flop);
        json.put("advantage", advantage());
        json.put("foreign", foreign);
        json.put("seconds", seconds.values());
        json.put("ours", ours.values());
        share.ifPresent(samples -> json.put("shares", samples.values()));
        return json;
    }

    static PeerResult of(Json json) {
        return new PeerResult(
                json.field("question").string(),
                json.field("details").string(),
                (int) json.field("threads").number(),
                json.field("library").string(),
                json.field("flop").number(),
                Samples.of(json.field("seconds")),
                Samples.of(json.field("ours")),
                json.field("shares").value() == null ? Optional.empty() : Optional.of(Samples.of(json.field("shares"))),
                json.field("foreign").number());
    }
}
