package dev.tandem.bench.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.bench.Load;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ExpertProductTest {
    private static final int K = MoeQuestion.K;

    @Test
    void evenExpertsHaveTheSameRows() {
        assertThat(new ExpertProduct(2048, 512, 2048, 32, Load.EVEN).counts())
                .isEqualTo(Collections.nCopies(32, K * 2048 / 32));
    }

    @Test
    void rowsFollowZipfAndNoneIsLost() {
        var question = new ExpertProduct(2048, 512, 2048, 32, Load.ZIPF);
        List<Integer> counts = question.counts();
        assertThat(question.rows()).isEqualTo(K * 2048);
        double first = K * 2048 / harmonic(32);
        for (int e = 0; e < counts.size(); e++) {
            assertThat((double) counts.get(e)).isCloseTo(first / (e + 1), within(1.0));
        }
    }

    private static double harmonic(int n) {
        double sum = 0;
        for (int i = 1; i <= n; i++) {
            sum += 1.0 / i;
        }
        return sum;
    }

    @ParameterizedTest
    @EnumSource(names = {"EVEN", "ZIPF"})
    void aLoopOfProductsAgreesWithTandem(Load load) {
        var question = new ExpertProduct(33, 17, 40, 5, load); // rows, columns and terms of no tile
        Entrant loop = question.entrant("loops", _ -> new Loops());
        try (Contestant tandem = question.entrants().getFirst().opening().open(new Setting("cpu-vector", 2));
                Contestant other = loop.opening().open(new Setting("cpu-vector", 2))) {
            AnswerCheck.require(question, loop, other.answers(), tandem.answers());
        }
    }

    /// Three of them.
    private static final class Loops implements ProductLibrary {
        @Override
        public String version() {
            return "";
        }

        @Override
        public Runnable product(ProductOperands.Task task) {
            return () -> {
                for (int row = 0; row < task.rows(); row++) {
                    for (int column = 0; column < task.out(); column++) {
                        double sum = 0;
                        for (int i = 0; i < task.in(); i++) {
                            sum += at(task.x(), row * task.in() + i) * at(task.weight(), column * task.in() + i);
                        }
                        task.y().setAtIndex(ValueLayout.JAVA_FLOAT, row * (long) task.out() + column, (float) sum);
                    }
                }
            };
        }

        private static double at(MemorySegment values, int i) {
            return values.getAtIndex(ValueLayout.JAVA_FLOAT, i);
        }
    }
}
