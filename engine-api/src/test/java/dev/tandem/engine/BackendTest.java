package dev.tandem.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.tandem.engine.kernel.GeluForm;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BackendTest {
    private final RecordingDevice device = new RecordingDevice();
    private final Backend backend = Backend.of(device);
    private final Region region = backend.region("step");

    @AfterEach
    void close() {
        backend.close();
    }

    private Tensor floats(String name, int... extents) {
        return region.floats(name, Role.ACTIVATION, extents);
    }

    @Test
    void aValidCallReachesTheDevice() {
        Tensor x = floats("x", 4, 8);
        backend.kernels().gelu().forward(x, x, GeluForm.ERF);
        assertThat(device.calls).containsExactly("Gelu.forward");
    }

    @Test
    void aWrongShapeIsNamedAndNeverReachesTheDevice() {
        Tensor weight = region.floats("projection", Role.WEIGHT, 16, 8);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> backend.kernels()
                        .linear()
                        .forward(floats("y", 4, 16), floats("x", 4, 9), weight, Optional.empty()))
                .withMessage("Linear: x must be F32 [4, 8], was 'x' F32 [4, 9]");
        assertThat(device.calls).isEmpty();
    }

    @Test
    void leadingDimensionsCountAsRows() {
        Tensor weight = region.floats("projection", Role.WEIGHT, 16, 8);
        backend.kernels().linear().forward(floats("y", 2, 3, 16), floats("x", 2, 3, 8), weight, Optional.empty());
        assertThat(device.calls).containsExactly("Linear.forward");
    }

    @Test
    void partOfAWeightMatrixIsNoOperandOfAProduct() {
        Tensor weight = region.floats("projection", Role.WEIGHT, 16, 8);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> backend.kernels()
                        .linear()
                        .forward(floats("y", 4, 8), floats("x", 4, 8), weight.slice(0, 8), Optional.empty()))
                .withMessageContaining("whole matrices [16, 8]");
    }

    @Test
    void anExpertsMatrixIsAWholeOperand() {
        Tensor weights = region.floats("experts", Role.WEIGHT, 4, 16, 8);
        backend.kernels().linear().forward(floats("y", 4, 16), floats("x", 4, 8), weights.at(2), Optional.empty());
        assertThat(device.calls).containsExactly("Linear.forward");
    }

    @Test
    void aTensorOfAClosedRegionIsRefused() {
        Tensor x = floats("x", 4);
        region.close();
        region.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> backend.kernels().gelu().forward(x, x, GeluForm.ERF))
                .withMessage("Gelu: x 'x' is in region 'step', which is closed");
        assertThat(device.freed).containsExactly(x.storage());
        assertThatIllegalStateException().isThrownBy(() -> floats("late", 1)).withMessageContaining("'step' is closed");
    }

    @Test
    void aTensorOfAnotherBackendIsRefused() {
        try (Backend other = Backend.of(new RecordingDevice())) {
            Tensor foreign = other.region("step").floats("x", Role.ACTIVATION, 4);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> backend.kernels().gelu().forward(foreign, foreign, GeluForm.ERF))
                    .withMessageContaining("belongs to backend");
            assertThatIllegalArgumentException().isThrownBy(() -> backend.floats(foreign));
        }
    }

    @Test
    void closingFreesWhatIsOpenAndRefusesWhatFollows() {
        Tensor x = floats("x", 4);
        backend.close();
        backend.close();
        assertThat(device.freed).containsExactly(x.storage());
        assertThat(device.closed).isTrue();
        assertThatIllegalStateException()
                .isThrownBy(() -> backend.kernels().gelu().forward(x, x, GeluForm.ERF))
                .withMessage("Gelu: backend 'recording' is closed");
        assertThatIllegalStateException().isThrownBy(() -> backend.region("late"));
        region.close();
    }

    @Test
    void transfersMustHaveTheTensorsSize() {
        Tensor x = floats("x", 4);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> backend.upload(x, new float[3]))
                .withMessage("upload: tensor 'x' F32 [4] has 16 bytes, the host memory 12");
        assertThatIllegalArgumentException().isThrownBy(() -> backend.upload(x, new int[4]));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment readOnly = arena.allocate(16).asReadOnly();
            assertThatIllegalArgumentException().isThrownBy(() -> backend.download(readOnly, x));
        }
    }

    @Test
    void anAllocationThatDoesNotFitSaysWhatWasAskedAndFree() {
        assertThatExceptionOfType(OutOfDeviceMemory.class)
                .isThrownBy(() -> floats("logits", 2048, 50257))
                .withMessageContaining("'logits'")
                .satisfies(e -> assertThat(e.requested()).isEqualTo(4L * 2048 * 50257));
    }

    @Test
    void weightsHaveTwoOrThreeDimensions() {
        assertThatIllegalArgumentException().isThrownBy(() -> region.floats("w", Role.WEIGHT, 4));
        assertThatIllegalArgumentException().isThrownBy(() -> region.floats("w", Role.WEIGHT, 4, 4, 4, 4));
    }

    @Test
    void aDeviceThatComputesInF32AloneAllocatesNothingElse() {
        assertThat(backend.offers(ElementType.F32)).isTrue();
        assertThat(backend.offers(ElementType.BF16)).isFalse();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> region.allocate("x", Role.ACTIVATION, ElementType.BF16, 4))
                .withMessage("tensor 'x': backend 'recording' does not compute in BF16; allocate it as F32,"
                        + " or open one that does");
    }

    @Test
    void operandsOfTwoPrecisionsAreNamedWithTheRemedy() {
        try (Backend both = Backend.of(new RecordingDevice(BOTH))) {
            Region step = both.region("step");
            Tensor x = step.allocate("x", Role.ACTIVATION, ElementType.BF16, 4, 8);
            Tensor y = step.allocate("y", Role.ACTIVATION, ElementType.BF16, 4, 16);
            Tensor weight = step.floats("projection", Role.WEIGHT, 16, 8);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> both.kernels().linear().forward(y, x, weight, Optional.empty()))
                    .withMessage("Linear: weight must be BF16 [16, 8], was 'projection' F32 [16, 8]: activations and"
                            + " weights of a call have one type, all else is F32; allocate it as BF16");
        }
    }

    @Test
    void logitsMayBeWiderThanWhatTheyAreMadeOf() {
        var writing = new RecordingDevice(BOTH);
        try (Backend both = Backend.of(writing)) {
            Region step = both.region("step");
            Tensor x = step.allocate("x", Role.ACTIVATION, ElementType.BF16, 4, 8);
            Tensor weight = step.allocate("projection", Role.WEIGHT, ElementType.BF16, 16, 8);
            Tensor logits = step.floats("logits", Role.ACTIVATION, 4, 16);
            both.kernels().linear().forward(logits, x, weight, Optional.empty());
            assertThat(writing.calls).containsExactly("Linear.forward");
        }
    }

    private static final Set<ElementType> BOTH = EnumSet.of(ElementType.F32, ElementType.BF16, ElementType.I32);
    private static final Set<ElementType> COMPUTED = Set.of(ElementType.F32, ElementType.I32);

    @Test
    void forwardProductsTakeWeightsOfFewerBytesAndNothingElseDoes() {
        var writing = new RecordingDevice(COMPUTED, Set.of(ElementType.BF16, ElementType.Q8));
        try (Backend both = Backend.of(writing)) {
            assertThat(both.offers(ElementType.BF16)).isFalse();
            assertThat(both.offersWeights(ElementType.Q8)).isTrue();
            assertThat(both.offersWeights(ElementType.F32)).isFalse();
            Region step = both.region("step");
            Tensor x = step.floats("x", Role.ACTIVATION, 4, 8);
            Tensor y = step.floats("y", Role.ACTIVATION, 4, 16);
            Tensor ids = step.integers("ids", 1, 4);
            Kernels kernels = both.kernels();
            for (ElementType type : List.of(ElementType.BF16, ElementType.Q8)) {
                Tensor weight = step.allocate("projection", Role.WEIGHT, type, 16, 8);
                Tensor master = step.floats("master", Role.WEIGHT, 16, 8);
                writing.calls.clear();
                kernels.linear().forward(y, x, weight, Optional.empty());
                kernels.linear().forwardGelu(y, Optional.empty(), x, weight, Optional.empty(), GeluForm.ERF);
                assertThat(writing.calls).containsExactly("Linear.forward", "Linear.forwardGelu");
                refuses("weight", type, () -> kernels.linear().backwardData(x, y, weight));
                refuses("weight", type, () -> kernels.linear().backwardWeight(weight, Optional.empty(), y, x));
                refuses("y", type, () -> kernels.fill().constant(weight, 0));
                refuses("y", type, () -> kernels.fill().uniform(weight, 0, 1, 1, 1));
                refuses("table", type, () -> kernels.embedding().forward(x.reshape(1, 4, 8), ids, weight, x, 1, -1, 0));
                if (type == ElementType.BF16) {
                    refuses("working", type, () -> kernels.adamW().round(weight, master));
                }
            }
            assertThat(writing.calls).hasSize(2);
        }
    }

    private static void refuses(String operand, ElementType type, ThrowingCallable call) {
        assertThatIllegalArgumentException()
                .isThrownBy(call)
                .withMessageContaining(operand + " 'projection' is a weight in " + type
                        + ", which only forward products read; use a weight in F32 here");
    }

    @Test
    void activationsOfBf16TakeNoOtherWeights() {
        var device = new RecordingDevice(EnumSet.of(ElementType.F32, ElementType.BF16), Set.of(ElementType.Q8));
        try (Backend both = Backend.of(device)) {
            Region step = both.region("step");
            Tensor x = step.allocate("x", Role.ACTIVATION, ElementType.BF16, 4, 8);
            Tensor y = step.allocate("y", Role.ACTIVATION, ElementType.BF16, 4, 16);
            Tensor weight = step.allocate("projection", Role.WEIGHT, ElementType.Q8, 16, 8);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> both.kernels().linear().forward(y, x, weight, Optional.empty()))
                    .withMessageContaining("weight");
        }
    }

    @Test
    void weightsInATypeThatTheDeviceDoesNotMultiplyByAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> region.allocate("w", Role.WEIGHT, ElementType.Q8, 4, 4))
                .withMessage("tensor 'w': backend 'recording' does not multiply by weights in Q8; allocate it as F32,"
                        + " or open one that does");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> region.allocate("x", Role.ACTIVATION, ElementType.Q8, 4, 4))
                .withMessageContaining("must not be Q8, which only weights may be");
    }

    @Test
    void rowsOfQ8AreTransferredWithTheirScales() {
        var device = new RecordingDevice(COMPUTED, Set.of(ElementType.Q8));
        try (Backend quantized = Backend.of(device)) {
            Tensor weight = quantized.region("step").allocate("w", Role.WEIGHT, ElementType.Q8, 4, 6);
            quantized.upload(weight, new float[4 * 6]);
            quantized.upload(weight.slice(1, 2), MemorySegment.ofArray(new byte[2 * 6 + 2 * Float.BYTES]));
            assertThat(quantized.floats(weight.at(3))).hasSize(6);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> quantized.upload(weight, MemorySegment.ofArray(new byte[4 * 6])))
                    .withMessageContaining("has 40 bytes");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> weight.at(3).slice(0, 3))
                    .withMessageContaining("divides a row of Q8");
        }
    }
}
