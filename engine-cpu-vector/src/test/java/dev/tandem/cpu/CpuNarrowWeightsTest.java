package dev.tandem.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.testkit.contract.RequiredBackend;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Weights of fewer than 32 bits: what is uploaded comes back, and products are those of the values.
final class CpuNarrowWeightsTest {
    // One row, and one for which a panel is left over; several; odd numbers of steps; several chunks and groups.
    @ParameterizedTest
    @CsvSource({"1,1,1", "1,769,330", "1,64,96", "2,35,200", "5,513,70", "37,1537,65", "330,33,64"})
    void productsHaveTheBitsOfThoseWithTheSameValuesInF32(int N, int in, int out) {
        for (ElementType type : new ElementType[] {ElementType.BF16, ElementType.Q8}) {
            try (Backend backend = open();
                    var region = backend.region("test")) {
                Tensor narrow = region.allocate("narrow", Role.WEIGHT, type, out, in);
                Tensor wide = region.floats("wide", Role.WEIGHT, out, in);
                Tensor x = region.floats("x", Role.ACTIVATION, N, in);
                Tensor y = region.floats("y", Role.ACTIVATION, N, out);
                Tensor wanted = region.floats("wanted", Role.ACTIVATION, N, out);
                backend.upload(x, Buffers.random(N * in, 1));
                backend.upload(narrow, Buffers.random(out * in, 2));
                backend.upload(wide, backend.floats(narrow));
                backend.kernels().linear().forward(y, x, narrow, Optional.empty());
                backend.kernels().linear().forward(wanted, x, wide, Optional.empty());
                assertThat(backend.floats(y)).as("%s", type).isEqualTo(backend.floats(wanted));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "Q8"})
    void bytesComeBackAsTheyWereUploadedAlsoPartByPart(ElementType type) {
        int E = 2;
        int out = 37;
        int in = 21;
        try (Backend backend = open();
                var region = backend.region("test")) {
            Tensor weight = region.allocate("weight", Role.WEIGHT, type, E, out, in);
            byte[] whole = bytes(weight, 3);
            backend.upload(weight, MemorySegment.ofArray(whole));
            assertThat(downloaded(backend, weight)).isEqualTo(whole);
            Tensor part = weight.at(1).slice(30, 5);
            byte[] rows = bytes(part, 4);
            float[] before = backend.floats(weight);
            backend.upload(part, MemorySegment.ofArray(rows));
            assertThat(downloaded(backend, part)).isEqualTo(rows);
            float[] after = backend.floats(weight);
            System.arraycopy(backend.floats(part), 0, before, (out + 30) * in, 5 * in);
            assertThat(after).isEqualTo(before);
        }
    }

    /// Random bytes of a tensor, whose floats are numbers.
    private static byte[] bytes(Tensor tensor, long seed) {
        var bytes = new byte[Math.toIntExact(tensor.type().bytes(tensor.shape()))];
        new Random(seed).nextBytes(bytes);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] &= 0x3f;
        }
        return bytes;
    }

    private static byte[] downloaded(Backend backend, Tensor tensor) {
        var bytes = new byte[Math.toIntExact(tensor.type().bytes(tensor.shape()))];
        backend.download(MemorySegment.ofArray(bytes), tensor);
        return bytes;
    }

    @Test
    void aWeightTakesTheBytesOfItsType() {
        try (Backend backend = open();
                var region = backend.region("test")) {
            long before = backend.memoryUsage().tensors();
            region.allocate("weight", Role.WEIGHT, ElementType.BF16, 64, 96);
            long bf16 = backend.memoryUsage().tensors();
            region.allocate("weight", Role.WEIGHT, ElementType.Q8, 64, 96);
            assertThat(bf16 - before).isEqualTo(64 * 96 * Short.BYTES);
            assertThat(backend.memoryUsage().tensors() - bf16).isEqualTo(64 * 96 + 64 * Float.BYTES);
        }
    }

    private static Backend open() {
        return RequiredBackend.open(CpuDevice.NAME, new BackendOptions(2));
    }
}
