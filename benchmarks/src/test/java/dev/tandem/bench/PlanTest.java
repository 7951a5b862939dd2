package dev.tandem.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.bench.report.StartUp;
import dev.tandem.bench.step.StartUpProblem;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Kernels;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlanTest {
    private static final Set<ElementType> WEIGHTS = Set.of(ElementType.F32, ElementType.BF16, ElementType.Q8);

    private static Plan plan(String only, int threads, boolean quick) {
        return plan(only, WEIGHTS, threads, quick);
    }

    private static Plan plan(String only, Set<ElementType> weights, int threads, boolean quick) {
        var request = new Plan.Request(EnumSet.allOf(Suite.class), only, "cpu-vector", weights, threads, quick);
        return Plan.of(request, new Listening());
    }

    @Test
    void everyKernelInterfaceHasItsBenchmark() {
        var measured = plan("", 0, true).items().stream()
                .map(item -> Plan.name(item.benchmark()).replaceFirst("\\..*", ""))
                .distinct()
                .toList();
        for (var kernel : Kernels.class.getRecordComponents()) {
            assertThat(measured).contains(kernel.getType().getSimpleName());
        }
        assertThat(measured).contains("MoeLayer", "TrainingStep", "Decode");
    }

    @Test
    void aQuickPlanHasOneCaseOfEachInThisProcess() {
        var items = plan("", 0, true).items();
        assertThat(items).extracting(Plan.Item::benchmark).doesNotHaveDuplicates();
        assertThat(items).allMatch(item -> item.effort().forks() == 0);
        assertThat(plan("", 0, true).starts()).hasSize(StartUp.Kind.values().length);
        assertThat(plan("Linear", 0, true).starts()).isEmpty();
        assertThat(plan("StartUp.forward", 0, true).starts())
                .extracting(StartUpProblem::kind)
                .containsExactly(StartUp.Kind.FORWARD);
        assertThat(plan("", 0, true).seconds()).isBetween(180.0, 270.0); // "about four minutes", as its help says
    }

    @Test
    void parametersVaryOneAtATime() {
        var items = plan("ExpertFeedForward.forward", 2, false).items().stream()
                .filter(item -> item.benchmark().endsWith(".forward"))
                .toList();
        assertThat(items).hasSize(1 + 2 + 3 + 2); // the middle, two more widths, three numbers of experts, two loads
        assertThat(items)
                .filteredOn(item -> !"EVEN".equals(item.parameters().get("load")))
                .allMatch(item -> "32".equals(item.parameters().get("experts")));
    }

    @Test
    void whatMemoryBoundsIsAlsoMeasuredBeyondAnyCache() {
        for (String kernel : List.of("LayerNorm.forward", "LayerNorm.backward", "Gelu.forward", "Gelu.backward")) {
            assertThat(plan(kernel, 2, false).items())
                    .as(kernel)
                    .anyMatch(item -> "32768x2048".equals(item.parameters().get("size")));
        }
    }

    @Test
    void weightsHaveTypesThatTheBackendOffers() {
        assertThat(weights(plan("DecodeWeights", 2, false))).containsExactly("F32", "BF16", "Q8");
        assertThat(weights(plan("DecodeWeights", Set.of(ElementType.F32), 2, false)))
                .containsExactly("F32");
    }

    private static List<String> weights(Plan plan) {
        return plan.items().stream()
                .map(item -> item.parameters().get("weights"))
                .toList();
    }

    @Test
    void threadsVaryWhereTheyAreNotGiven() {
        int fewer = 32 - Integer.numberOfLeadingZeros(Runtime.getRuntime().availableProcessors() - 1);
        assertThat(threads(plan("TrainingStep", 0, false))).contains("0").hasSize(1 + fewer);
        assertThat(threads(plan("TrainingStep", 2, false))).containsExactly("2");
    }

    @Test
    void theMachineIsMeasuredOnAsManyThreadsAsCompute() {
        int processors = Runtime.getRuntime().availableProcessors();
        assertThat(plan("TrainingStep", 0, false).threads()).isEqualTo(processors);
        assertThat(plan("TrainingStep", 1, false).threads()).isEqualTo(1);
        assertThat(plan("TrainingStep", processors + 1, false).threads()).isEqualTo(processors);
    }

    private static List<String> threads(Plan plan) {
        return plan.items().stream()
                .map(item -> item.parameters().getOrDefault("threads", ""))
                .distinct()
                .toList();
    }

    @Test
    void aFullPlanStatesWhatItTakes() {
        assertThat(plan("", 0, false).seconds()).isBetween(600.0, 4200.0);
    }

    @Test
    void aFailureIsToldByTheSentenceOfItsException() {
        assertThat(Listening.reason("""
                <failure>

                java.lang.IllegalStateException: y, element 3: found 1.0
                \tat dev.tandem.bench.Agreement.compare(Agreement.java:1)
                """)).isEqualTo("y, element 3: found 1.0");
        assertThat(Listening.reason("")).contains("no reason");
    }
}
