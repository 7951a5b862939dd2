package dev.tandem.bench.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.bench.Peers;
import dev.tandem.bench.report.PeerResult;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuestionsTest {
    private static List<Question> named(String title) {
        List<Question> chosen = Questions.chosen(new Peers.Request("cpu-vector", 2, title, false));
        assertThat(chosen).as(title).isNotEmpty();
        return chosen;
    }

    private static List<String> asked(Question question) {
        return question.entrants().stream().map(Entrant::library).toList();
    }

    @Test
    void oneThreadIsNotBesideItselfNorBesideAnotherDevice() {
        assertThat(new Setting("cpu-vector", 2).scales()).isTrue();
        assertThat(new Setting("cpu-vector", 1).scales()).isFalse();
        assertThat(new Setting("cuda", 2).scales()).isFalse();
    }

    @Test
    void aProcessFindsWhoItIs() {
        String title = named("ExpertLinear").getFirst().title();
        assertThat(Questions.entrant(title, PeerResult.ALONE).isAlone()).isTrue();
        assertThat(Questions.entrant(title, Entrant.TANDEM).isAlone()).isFalse();
    }

    @Test
    void ofManyExpertsOnlyTheFastestAreAsked() {
        assertThat(asked(named("E=512").getFirst()))
                .containsExactly(Entrant.TANDEM, "libtorch sorted", "libtorch grouped");
    }
}
