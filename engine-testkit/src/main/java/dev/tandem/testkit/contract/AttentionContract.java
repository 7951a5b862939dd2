package dev.tandem.testkit.contract;

import static dev.tandem.testkit.contract.Tolerance.reduction;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Attention;
import dev.tandem.engine.kernel.KvCache;
import dev.tandem.testkit.Cases;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// What [Attention] has to keep.
public abstract class AttentionContract extends KernelContract {
    private static final long SEED = 0x5EED;
    private static final long STREAM = 3;

    @Override
    protected List<Trial> trials() {
        return cases();
    }

    static List<Trial> cases() {
        List<Trial> trials = new ArrayList<>();
        var small = new Cases.Heads(2, 5, 3, 7);
        trials.add(Trial.of("padded " + small, on -> both(on, small, true, 0)));
        for (Cases.Heads sizes : Cases.ATTENTION) {
            trials.add(Trial.of(sizes.toString(), on -> both(on, sizes, false, 0)));
        }
        var middle = new Cases.Heads(3, 70, 2, 20);
        trials.add(Trial.of("padded " + middle, on -> both(on, middle, true, 0)));
        trials.add(Trial.of("with dropout " + middle, on -> both(on, middle, false, 0.2f)));
        trials.add(Trial.of("padded, with dropout " + middle, on -> both(on, middle, true, 0.5f)));
        var paper = new Cases.Heads(1, 70, 2, 80);
        trials.add(Trial.of("with dropout " + paper, on -> both(on, paper, false, 0.1f)));
        var wide = new Cases.Heads(2, 70, 1, 150);
        trials.add(Trial.of("padded, with dropout " + wide, on -> both(on, wide, true, 0.1f)));
        var wider = new Cases.Heads(1, 70, 2, 160);
        trials.add(Trial.of(wider.toString(), on -> both(on, wider, false, 0)));
        var odd = new Cases.Heads(1, 6, 2, 259);
        trials.add(Trial.of(odd.toString(), on -> both(on, odd, false, 0)));
        trials.add(Trial.of("decoding", on -> decode(on, 2, 37, 12, 3, 8)));
        trials.add(Trial.of("decoding, one head of 64", on -> decode(on, 1, 150, 100, 1, 64)));
        trials.add(Trial.of("decoding, heads of 151", on -> decode(on, 2, 75, 66, 2, 151)));
        trials.add(Trial.of("decoding, five heads", on -> decode(on, 1, 150, 140, 5, 24)));
        trials.add(Trial.of("decoding a prompt in parts", on -> decodeParts(on, 2, 150, 1, 20)));
        trials.add(Trial.of("decoding behind a long cache", on -> decodeLate(on, 1, 9000, 2, 4)));
        return trials;
    }

    private static void both(Workbench on, Cases.Heads sizes, boolean padded, float dropout) {
        int B = sizes.B();
        int T = sizes.T();
        int H = sizes.H();
        int C = H * sizes.D();
        Tensor qkv = on.input("qkv", B, T, 3 * C);
        Tensor dy = on.input("dy", B, T, C);
        Optional<Tensor> padding = padded ? Optional.of(on.integers("padding", padding(B, T), B, T)) : Optional.empty();
        Tolerance tolerance = reduction(T + sizes.D());
        Tensor y = on.result("y", weighted(on, tolerance), B, T, C);
        Tensor logSumExp = on.statistic("logSumExp", tolerance, B, H, T);
        // ⟨dy, y⟩ may be taken from the y that was stored; its rounding meets keys and queries of up to 4
        Tensor dqkv = on.result("dqkv", tolerance.through(on.type(), 4), B, T, 3 * C);
        Attention kernel = on.kernels().attention();
        kernel.forward(y, logSumExp, qkv, padding, H, dropout, SEED, STREAM);
        kernel.backward(dqkv, dy, y, logSumExp, qkv, padding, H, dropout, SEED, STREAM);
    }

    /// For sums of values: weights may be rounded to the values' type before they multiply them.
    private static Tolerance weighted(Workbench on, Tolerance tolerance) {
        return tolerance.through(on.type(), 1);
    }

    /// The first sequence is padded at its end, the second at its front, where queries see nothing
    /// at all.
    private static int[] padding(int B, int T) {
        int[] padding = new int[B * T];
        Arrays.fill(padding, T - T / 3, T, 1);
        Arrays.fill(padding, T, T + T / 2, 5);
        return padding;
    }

    private static void decode(Workbench on, int B, int P, int prompt, int H, int D) {
        int C = H * D;
        int steps = 4;
        Tolerance tolerance = reduction(P + D);
        var cache = new KvCache(
                on.judged("keys", Tolerance.exact(), on.input("keys", on.type(), Role.STATE, 0, B, P, C)),
                on.judged("values", Tolerance.exact(), on.input("values", on.type(), Role.STATE, 0, B, P, C)));
        Tensor promptQkv = on.input("prompt", B, prompt, 3 * C);
        Tensor promptY = on.result("y of the prompt", weighted(on, tolerance), B, prompt, C);
        Tensor[] qkv = new Tensor[steps];
        Tensor[] y = new Tensor[steps];
        for (int i = 0; i < steps; i++) {
            qkv[i] = on.input("token " + i, B, 1, 3 * C);
            y[i] = on.result("y of token " + i, tolerance, B, 1, C);
        }
        Attention kernel = on.kernels().attention();
        kernel.decode(promptY, promptQkv, cache, 0, H);
        for (int i = 0; i < steps; i++) {
            kernel.decode(y[i], qkv[i], cache, prompt + i, H);
        }
    }

    /// Both halves of a prompt, each of several positions.
    private static void decodeParts(Workbench on, int B, int P, int H, int D) {
        int C = H * D;
        int half = P / 2;
        Tolerance tolerance = reduction(P + D);
        var cache = new KvCache(
                on.input("keys", on.type(), Role.STATE, 0, B, P, C),
                on.input("values", on.type(), Role.STATE, 0, B, P, C));
        for (int start : new int[] {0, half}) {
            Tensor qkv = on.input("from " + start, B, half, 3 * C);
            Tensor y = on.result("y from " + start, weighted(on, tolerance), B, half, C);
            on.kernels().attention().decode(y, qkv, cache, start, H);
        }
    }

    /// One token that takes the last place of a full cache.
    private static void decodeLate(Workbench on, int B, int P, int H, int D) {
        int C = H * D;
        var cache = new KvCache(
                on.judged("keys", Tolerance.exact(), on.input("keys", on.type(), Role.STATE, 1, B, P, C)),
                on.judged("values", Tolerance.exact(), on.input("values", on.type(), Role.STATE, 1, B, P, C)));
        Tensor qkv = on.input("token", B, 1, 3 * C);
        Tensor y = on.result("y", reduction(P + D), B, 1, C);
        on.kernels().attention().decode(y, qkv, cache, P - 1, H);
    }

    @Test
    void decodingTokenByTokenEqualsWholeSequences() {
        int B = 2;
        int T = 19;
        int H = 2;
        int C = 26;
        try (Backend device = open();
                Region region = device.region("decoding")) {
            Tensor qkv = region.floats("qkv", Role.ACTIVATION, B, T, 3 * C);
            Tensor y = region.floats("y", Role.ACTIVATION, B, T, C);
            Tensor logSumExp = region.floats("logSumExp", Role.ACTIVATION, B, H, T);
            device.kernels().fill().normal(qkv, 0, 1, SEED, STREAM);
            device.kernels().attention().forward(y, logSumExp, qkv, Optional.empty(), H, 0, 0, 0);
            float[] all = device.floats(qkv);
            double[] wanted = Workbench.values(device, y);
            var cache = new KvCache(
                    region.floats("keys", Role.STATE, B, T, C), region.floats("values", Role.STATE, B, T, C));
            Tensor token = region.floats("token", Role.ACTIVATION, B, 1, 3 * C);
            Tensor row = region.floats("row", Role.ACTIVATION, B, 1, C);
            for (int t = 0; t < T; t++) {
                float[] slice = new float[B * 3 * C];
                double[] expected = new double[B * C];
                for (int b = 0; b < B; b++) {
                    System.arraycopy(all, (b * T + t) * 3 * C, slice, b * 3 * C, 3 * C);
                    System.arraycopy(wanted, (b * T + t) * C, expected, b * C, C);
                }
                device.upload(token, slice);
                device.kernels().attention().decode(row, token, cache, t, H);
                TensorAssert.assertClose(
                        "position " + t, expected, Workbench.values(device, row), reduction(T + C / H));
            }
        }
    }

    @Test
    void nothingLaterThanAQueryReachesIt() {
        int T = 40;
        int C = 12;
        try (Backend device = open();
                Region region = device.region("causality")) {
            Tensor qkv = region.floats("qkv", Role.ACTIVATION, 1, T, 3 * C);
            Tensor y = region.floats("y", Role.ACTIVATION, 1, T, C);
            Tensor logSumExp = region.floats("logSumExp", Role.ACTIVATION, 1, 2, T);
            device.kernels().fill().normal(qkv, 0, 1, SEED, STREAM);
            device.kernels().attention().forward(y, logSumExp, qkv, Optional.empty(), 2, 0, 0, 0);
            double[] before = Workbench.values(device, y);
            float[] changed = device.floats(qkv);
            Arrays.fill(changed, 25 * 3 * C, changed.length, Float.NaN);
            device.upload(qkv, changed);
            device.kernels().attention().forward(y, logSumExp, qkv, Optional.empty(), 2, 0, 0, 0);
            double[] after = Workbench.values(device, y);
            TensorAssert.assertSameBits(
                    "the first 25 queries", Arrays.copyOf(before, 25 * C), Arrays.copyOf(after, 25 * C));
        }
    }

    @Test
    void largeScoresDoNotOverflow() {
        var trial = Trial.of("scores of thousands", on -> {
            Tensor qkv = on.input("qkv", Role.ACTIVATION, 40, 1, 30, 3 * 16);
            // scores of thousands: their rounding enters e^x whole, so one-hot rows are all that is exact
            Tolerance tolerance = reduction(30 + 16).widened(4000, "scores reach thousands");
            Tensor y = on.result("y", tolerance, 1, 30, 16);
            Tensor logSumExp = on.result("logSumExp", reduction(46), 1, 1, 30);
            on.kernels().attention().forward(y, logSumExp, qkv, Optional.empty(), 1, 0, 0, 0);
        });
        try (Backend device = open()) {
            compare(wanted(trial), outcomes(device, trial, false));
        }
    }

    @Test
    void largeScoresLeaveGradientsExact() {
        int B = 2;
        int T = 5;
        int C = 16;
        var trial = Trial.of("scores of ten thousands", on -> {
            // every query sees one key, so its probability is exactly 1; the sum's rounding must not show in it
            float[] values = new float[B * T * 3 * C];
            var random = on.random("qkv");
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (random.nextGaussian() * (i % (3 * C) < 2 * C ? 200 : 1));
            }
            Tensor qkv = on.input("qkv", Role.ACTIVATION, values, B, T, 3 * C);
            Tensor dy = on.input("dy", B, T, C);
            Tensor y = on.result("y", reduction(C), B, T, C);
            Tensor logSumExp = on.result("logSumExp", reduction(C), B, 1, T);
            Tolerance tolerance = reduction(C).widened(100, "keys of hundreds multiply the rounding of ⟨dy, v⟩");
            Tensor dqkv = on.result("dqkv", tolerance, B, T, 3 * C);
            Attention kernel = on.kernels().attention();
            kernel.forward(y, logSumExp, qkv, Optional.empty(), 1, 0, 0, 0);
            kernel.backward(dqkv, dy, y, logSumExp, qkv, Optional.empty(), 1, 0, 0, 0);
        });
        try (Backend device = open()) {
            compare(wanted(trial), outcomes(device, trial, false));
        }
    }

    @Test
    void aCacheThatIsTooShortIsRefused() {
        for (int start : new int[] {-1, 3, 4, Integer.MAX_VALUE}) {
            Refusal.of(this::open, on -> {
                var cache = new KvCache(on.input("keys", 1, 4, 6), on.input("values", 1, 4, 6));
                Tensor qkv = on.input("qkv", 1, 2, 18);
                Tensor y = on.result("y", reduction(4), 1, 2, 6);
                on.kernels().attention().decode(y, qkv, cache, start, 2);
            });
        }
    }
}
