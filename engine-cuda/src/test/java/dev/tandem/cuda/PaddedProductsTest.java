package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.tandem.cuda.Matmul.Epilogue;
import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.ExpertRows;
import dev.tandem.engine.kernel.GeluForm;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Expert products by a library: three experts of 10, 3 and 12 rows, 12 apart.
final class PaddedProductsTest {
    private static final int E = 3;
    private static final int S = 12;
    private static final int IN = 16;
    private static final int OUT = 24;

    private static Backend open(HostMatmuls library) {
        return ShimBackend.open(Schedule.FORWARD, new MatmulSetup(library, false, Path.of("target", "unused")));
    }

    private static ExpertRows rows(Backend device, Region region, boolean padded, int... starts) {
        Tensor startsOf = region.integers("starts", E);
        Tensor counts = region.integers("counts", E);
        device.upload(startsOf, starts);
        device.upload(counts, new int[] {10, 3, 12});
        return new ExpertRows(startsOf, counts, region.integers("choiceOf", E * S), padded);
    }

    /// Element of `gelu(x·weightᵀ + bias)` in rows that experts own, 0 in others.
    private static float[] forward(Backend device, boolean padded, GeluForm form, int... starts) {
        try (Region region = device.region("experts")) {
            Tensor x = region.floats("x", Role.ACTIVATION, E * S, IN);
            Tensor weight = region.floats("weight", Role.WEIGHT, E, OUT, IN);
            Tensor bias = region.floats("bias", Role.STATE, E, OUT);
            Tensor y = region.floats("y", Role.ACTIVATION, E * S, OUT);
            Tensor saved = region.floats("saved", Role.ACTIVATION, E * S, OUT);
            device.kernels().fill().normal(x, 0, 1, 1, 1);
            device.kernels().fill().normal(weight, 0, 1, 1, 2);
            device.kernels().fill().normal(bias, 0, 1, 1, 3);
            ExpertRows rows = rows(device, region, padded, starts);
            device.kernels()
                    .expertLinear()
                    .forwardGelu(y, Optional.of(saved), x, weight, Optional.of(bias), rows, form);
            device.synchronize();
            float[] values = device.floats(y);
            for (int i = 0; i < values.length; i++) {
                int row = i / OUT;
                boolean owned = row % S < (row / S == 0 ? 10 : row / S == 1 ? 3 : 12);
                values[i] = owned ? values[i] : 0;
            }
            return values;
        }
    }

    private static void assertOwn(HostMatmuls library, GeluForm form) {
        try (Backend own = ShimBackend.open(Schedule.FORWARD);
                Backend device = open(library)) {
            float[] wanted = forward(own, true, form, 0, S, 2 * S);
            float[] found = forward(device, true, form, 0, S, 2 * S);
            for (int i = 0; i < wanted.length; i++) {
                assertThat(found[i]).as("element %d", i).isCloseTo(wanted[i], within(1e-4f));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aLibraryMayHaveNoEpilogueOrSomeOrAll(GeluForm form) {
        Predicate<Matmul> none = matmul -> matmul.epilogue() == Epilogue.NONE;
        assertOwn(HostMatmuls.supporting(none), form);
        assertOwn(HostMatmuls.supporting(none.or(matmul -> matmul.epilogue() == Epilogue.BIAS)), form);
        assertOwn(HostMatmuls.right(), form);
        assertOwn(HostMatmuls.refusing(), form);
    }

    @Test
    void paddedRowsAreOneBatchAndOthersOurOwn() {
        HostMatmuls library = HostMatmuls.right();
        try (Backend device = open(library)) {
            forward(device, false, GeluForm.ERF, 0, S, 2 * S);
            assertThat(library.asked).isEmpty();
            forward(device, true, GeluForm.ERF, 0, S, 2 * S);
        }

        assertThat(library.runs().keySet()).containsExactly("run 0 F32:16x24T*F32:16x12=F32:24x12 batch 3 BIAS");
    }

    @Test
    void rowsThatDoNotLieAsPromisedAreRefused() {
        try (Backend device = open(HostMatmuls.right())) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> forward(device, true, GeluForm.ERF, 0, S + 1, 2 * S))
                    .withMessage("rows.starts must be in 12..12, but holds 13");
        }
    }
}
