package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class OperandTest {
    @Test
    void kernelsNumberTheOperandsInTheSameOrder() {
        String header = KernelSource.of("tandem.cuh").text();
        var declared =
                Pattern.compile("OPERAND_(\\w+) = (\\d+),").matcher(header).results();

        assertThat(declared.map(OperandTest::numbered))
                .containsExactlyElementsOf(Arrays.stream(Operand.values())
                        .map(operand -> operand.name() + " "
                                + (Arrays.asList(Operand.values()).indexOf(operand) + 1))
                        .toList());
    }

    private static String numbered(MatchResult constant) {
        return constant.group(1) + " " + constant.group(2);
    }
}
