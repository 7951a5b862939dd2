package dev.tandem.bench.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.bench.Peers;
import dev.tandem.bench.report.PeerResult;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuestionsTest {
    private static final Setting TWO = new Setting("cpu-vector", 2);

    private static List<Question> named(String title) {
        List<Question> chosen = Questions.chosen(new Peers.Request("cpu-vector", 2, title, false));
        assertThat(chosen).as(title).isNotEmpty();
        return chosen;
    }

    private static List<String> asked(Question question, Setting setting) {
        return question.entrants(setting).stream().map(Entrant::library).toList();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Linear.forward 2048x2048x2048",
                "Linear.forward 1024x",
                "Linear.forward 256x",
                "Linear.forward 64x",
                "ExpertLinear.forward",
                "MoeLayer.forward 2048x512x2048, E=64",
                "MoeLayer.forward 256x",
                "MoeLayer.forwardBackward",
                "Attention",
                "TrainingStep",
                "Decode.prefill"
            })
    void whatMultiplyAddsBoundIsAlsoAskedOnOneThread(String title) {
        for (Question question : named(title)) {
            assertThat(asked(question, TWO)).as(question.title()).startsWith(Entrant.TANDEM, PeerResult.ALONE);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Linear.forward 16x",
                "Linear.forward 1x",
                "E=512",
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
        assertThat(Questions.entrant(title, PeerResult.ALONE, TWO).isAlone()).isTrue();
        assertThat(Questions.entrant(title, Entrant.TANDEM, TWO).isAlone()).isFalse();
    }

    @Test
    void ofManyExpertsThoseAreAskedWhoseWeightsFitTogether() {
        assertThat(asked(named("E=512").getFirst(), TWO))
                .containsExactly(Entrant.TANDEM, "libtorch sorted", "libtorch grouped");
    }
}
