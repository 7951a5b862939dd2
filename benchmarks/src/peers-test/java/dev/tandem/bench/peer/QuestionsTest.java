package dev.tandem.bench.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.bench.Peers;
import dev.tandem.bench.machine.Ceilings;
import dev.tandem.bench.report.PeerResult;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuestionsTest {
    private static final Setting TWO = new Setting("cpu-vector", 2);
    // of two cores, as measured: of memory, and of a cache of 32 MiB
    private static final Ceilings MEMORY = ceilings(20e9);
    private static final Ceilings CACHE = ceilings(121e9);
    private static final double CACHE_BYTES = 32 << 20;

    private static Ceilings ceilings(double bytes) {
        return new Ceilings(178e9, bytes, bytes, bytes, bytes, 0);
    }

    private static List<Question> named(String title) {
        List<Question> chosen = Questions.chosen(new Peers.Request("cpu-vector", 2, title, false));
        assertThat(chosen).as(title).isNotEmpty();
        return chosen;
    }

    private static List<String> asked(Question question, Setting setting) {
        Ceilings ceilings = question.cost().footprint() > CACHE_BYTES ? MEMORY : CACHE;
        return Round.entrants(question, setting, ceilings).stream()
                .map(Entrant::library)
                .toList();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Linear.forward 2048x2048x2048",
                "Linear.forward 1024x",
                "Linear.forward 256x",
                "Linear.forward 64x",
                "Linear.forward 16x2048x512",
                "Linear.forward 8x768x3072",
                "ExpertLinear.forward",
                "MoeLayer.forward 2048x512x2048, E=64",
                "MoeLayer.forward 256x",
                "MoeLayer.forwardBackward",
                "Attention",
                "TrainingStep",
                "Decode.prefill"
            })
    void whatMultiplyAddsBoundIsAlsoAskedOnOneThread(String title) {
        List<Question> warm = named(title).stream()
                .filter(question -> !question.details().contains("cold") || title.contains("64x"))
                .toList();
        assertThat(warm).allSatisfy(question -> assertThat(asked(question, TWO))
                .as(question.title())
                .startsWith(Entrant.TANDEM, PeerResult.ALONE));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Linear.forward 16x2048x512, cold",
                "Linear.forward 8x768x3072, cold",
                "Linear.forward 1x",
                "MoeLayer.forward 2048x512x2048, E=512",
                "MoeLayer.forward 16x",
                "LayerNorm",
                "CrossEntropy",
                "Decode.decode"
            })
    void whatMemoryBoundsIsNot(String title) {
        for (Question question : named(title)) {
            assertThat(asked(question, TWO)).as(question.title()).doesNotContain(PeerResult.ALONE);
        }
    }

    @Test
    void oneThreadIsNotBesideItselfNorBesideAnotherDevice() {
        for (Question question : named("")) {
            assertThat(asked(question, new Setting("cpu-vector", 1))).doesNotContain(PeerResult.ALONE);
            assertThat(asked(question, new Setting("cuda", 2))).doesNotContain(PeerResult.ALONE);
        }
    }

    @Test
    void aProcessFindsWhoItIs() {
        String title = named("ExpertLinear").getFirst().title();
        assertThat(Questions.entrant(title, PeerResult.ALONE).isAlone()).isTrue();
        assertThat(Questions.entrant(title, Entrant.TANDEM).isAlone()).isFalse();
    }

    @Test
    void ofManyExpertsOnlyTheFastestAreAsked() {
        assertThat(asked(named("E=512").getFirst(), TWO))
                .containsExactly(Entrant.TANDEM, "libtorch sorted", "libtorch grouped");
    }
}
