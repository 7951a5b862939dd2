package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tandem.engine.Backend;
import dev.tandem.engine.DeviceException;
import dev.tandem.gpt.DecodeSession;
import dev.tandem.gpt.Gpt;
import dev.tandem.gpt.GptConfig;
import dev.tandem.gpt.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Sessions whose tokens are graphs of the driver; run by [CudaDriverTest], whose process has one.
final class DriverSessions {
    private static final int V = 13;
    private static final int POSITIONS = 140;
    private static final int REFUSED = 1;
    private static final int ILLEGAL_ADDRESS = 700;
    private static final GptConfig DENSE = GptConfig.gpt3(V, POSITIONS, 2, 16, 2);

    private static int[] tokens(int count, long seed) {
        return new Random(seed).ints(count, 0, V).toArray();
    }

    /// Hashes of the bits of all logits, of a text and of another one.
    private static List<Integer> decoded(Backend opened, GptConfig config, Precision precision) {
        try (Backend backend = opened;
                Gpt model = Gpt.create(backend, config, precision, 3);
                DecodeSession session = model.decode(2, POSITIONS)) {
            var hashes = new ArrayList<Integer>();
            for (int text = 0; text < 2; text++) {
                session.clear();
                for (int position = 0; position < POSITIONS; position++) {
                    hashes.add(Arrays.hashCode(session.next(tokens(2, POSITIONS * text + position))));
                }
            }
            return hashes;
        }
    }

    @ParameterizedTest
    @CsvSource({"F32, false", "F32, true", "BF16, false", "BF16, true"})
    void tokensThroughTheDriverHaveTheBitsOfKernelsLaunchedByThemselves(Precision precision, boolean experts) {
        GptConfig config = experts ? DENSE.withExperts(4) : DENSE;
        var plain = new CountingAccelerator(new HostShim(Schedule.FORWARD), false);
        List<Integer> expected = decoded(Backend.of(new CudaDevice(plain, ShimBackend.EXACTLY)), config, precision);
        assertThat(decoded(ShimDriver.open(Schedule.FORWARD), config, precision))
                .isEqualTo(expected);
        assertThat(ShimDriver.left()).isZero();
    }

    @Test
    void aGraphThatFailsIsNamedByItsFirstAndLastKernel() {
        Backend backend = ShimDriver.open(Schedule.FORWARD);
        DecodeSession session = Gpt.create(backend, DENSE, 3).decode(POSITIONS);
        session.next(1);
        session.next(2);
        ShimDriver.set("attention_decode", ILLEGAL_ADDRESS);
        assertThatThrownBy(() -> session.next(3))
                .isInstanceOf(DeviceException.class)
                .hasMessageMatching(
                        "(?s).*code 700 in a graph of \\d+ kernels from position_set to product_stream: .*");
        backend.close();
    }

    @Test
    void aGraphThatTheDriverRefusesIsMadeByTheNextToken() {
        try (Backend backend = ShimDriver.open(Schedule.FORWARD);
                Gpt model = Gpt.create(backend, DENSE, 3);
                DecodeSession session = model.decode(POSITIONS);
                DecodeSession other = model.decode(POSITIONS)) {
            for (String call : List.of(
                    "cuGraphCreate", "cuGraphAddKernelNode_v2", "cuGraphInstantiateWithFlags", "cuGraphUpload")) {
                ShimDriver.set(call, REFUSED);
                assertThatThrownBy(() -> session.next(1))
                        .isInstanceOf(DeviceException.class)
                        .hasMessageContaining(call.replaceAll("_v2|WithFlags", "") + " failed with code 1");
            }
            assertThat(session.next(1)).isEqualTo(other.next(1));
            ShimDriver.set("cuGraphExecKernelNodeSetParams_v2", REFUSED);
            assertThatThrownBy(() -> session.next(2))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("cuGraphExecKernelNodeSetParams failed with code 1 in position_set");
            assertThat(session.next(2)).isEqualTo(other.next(2));
        }
        assertThat(ShimDriver.left()).isZero();
    }
}
