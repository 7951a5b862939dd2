package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Attention;
import dev.tandem.engine.kernel.KvCache;
import java.util.Optional;

final class ReferenceAttention implements Attention {
    @Override
    public void forward(
            Tensor yTensor,
            Tensor logSumExpTensor,
            Tensor qkvTensor,
            Optional<Tensor> padding,
            int H,
            float dropout,
            long seed,
            long stream) {
        Values y = Values.of(yTensor);
        Values logSumExp = Values.of(logSumExpTensor);
        var head = new Head(Values.of(qkvTensor), padding.map(Integers::of), yTensor, H, dropout, seed, stream);
        for (int b = 0; b < head.B; b++) {
            for (int h = 0; h < H; h++) {
                for (int i = 0; i < head.T; i++) {
                    double[] p = new double[i + 1];
                    logSumExp.set((b * H + h) * head.T + i, head.probabilities(p, b, h, i));
                    for (int d = 0; d < head.D; d++) {
                        double sum = 0;
                        for (int j = 0; j <= i; j++) {
                            sum += p[j] == 0 ? 0 : p[j] * head.factor(b, h, i, j) * head.qkv.get(head.v(b, h, j) + d);
                        }
                        y.set((b * head.T + i) * head.C + h * head.D + d, sum);
                    }
                }
            }
        }
    }

    @Override
    public void backward(
            Tensor dqkvTensor,
            Tensor dyTensor,
            Tensor yTensor,
            Tensor logSumExpTensor,
            Tensor qkvTensor,
            Optional<Tensor> padding,
            int H,
            float dropout,
            long seed,
            long stream) {
        Values dqkv = Values.of(dqkvTensor);
        Values dy = Values.of(dyTensor);
        var head = new Head(Values.of(qkvTensor), padding.map(Integers::of), yTensor, H, dropout, seed, stream);
        double[] sums = new double[dqkv.size()];
        for (int b = 0; b < head.B; b++) {
            for (int h = 0; h < H; h++) {
                for (int i = 0; i < head.T; i++) {
                    backwardRow(sums, dy, head, b, h, i);
                }
            }
        }
        for (int i = 0; i < sums.length; i++) {
            dqkv.set(i, sums[i]);
        }
    }

    private static void backwardRow(double[] dqkv, Values dy, Head head, int b, int h, int i) {
        double[] p = new double[i + 1];
        head.probabilities(p, b, h, i);
        double[] dp = new double[i + 1];
        double weighted = 0;
        int dyRow = (b * head.T + i) * head.C + h * head.D;
        for (int j = 0; j <= i; j++) {
            if (p[j] == 0) {
                continue;
            }
            double factor = head.factor(b, h, i, j);
            for (int d = 0; d < head.D; d++) {
                dp[j] += factor * dy.get(dyRow + d) * head.qkv.get(head.v(b, h, j) + d);
                dqkv[head.v(b, h, j) + d] += factor * p[j] * dy.get(dyRow + d);
            }
            weighted += p[j] * dp[j];
        }
        for (int j = 0; j <= i; j++) {
            double ds = p[j] == 0 ? 0 : p[j] * (dp[j] - weighted) * head.scale;
            for (int d = 0; d < head.D && ds != 0; d++) {
                dqkv[head.q(b, h, i) + d] += ds * head.qkv.get(head.k(b, h, j) + d);
                dqkv[head.k(b, h, j) + d] += ds * head.qkv.get(head.q(b, h, i) + d);
            }
        }
    }

    @Override
    public void decode(Tensor yTensor, Tensor qkvTensor, KvCache cache, int start, int H) {
        Values y = Values.of(yTensor);
        Values keys = Values.of(cache.keys());
        Values values = Values.of(cache.values());
        var head = new Head(Values.of(qkvTensor), Optional.empty(), yTensor, H, 0, 0, 0);
        int P = cache.keys().shape().extent(1);
        int C = head.C;
        for (int b = 0; b < head.B; b++) {
            for (int t = 0; t < head.T; t++) {
                for (int c = 0; c < C; c++) {
                    keys.set((b * P + start + t) * C + c, head.qkv.get(head.k(b, 0, t) + c));
                    values.set((b * P + start + t) * C + c, head.qkv.get(head.v(b, 0, t) + c));
                }
            }
            for (int t = 0; t < head.T; t++) {
                for (int h = 0; h < H; h++) {
                    decodeRow(y, keys, values, head, b, h, t, P, start);
                }
            }
        }
    }

    private static void decodeRow(
            Values y, Values keys, Values values, Head head, int b, int h, int t, int P, int start) {
        double[] p = new double[start + t + 1];
        for (int j = 0; j < p.length; j++) {
            int key = (b * P + j) * head.C + h * head.D;
            for (int d = 0; d < head.D; d++) {
                p[j] += head.qkv.get(head.q(b, h, t) + d) * head.scale * keys.get(key + d);
            }
        }
        Head.softmax(p);
        for (int d = 0; d < head.D; d++) {
            double sum = 0;
            for (int j = 0; j < p.length; j++) {
                sum += p[j] * values.get((b * P + j) * head.C + h * head.D + d);
            }
            y.set((b * head.T + t) * head.C + h * head.D + d, sum);
        }
    }

    /// Where the heads of one call find their numbers.
    private static final class Head {
        private final Values qkv;
        private final Optional<Integers> padding;
        private final int B;
        private final int T;
        private final int C;
        private final int H;
        private final int D;
        private final double scale;
        private final float dropout;
        private final long seed;
        private final long stream;

        Head(Values qkv, Optional<Integers> padding, Tensor y, int H, float dropout, long seed, long stream) {
            this.qkv = qkv;
            this.padding = padding;
            this.B = y.shape().extent(0);
            this.T = y.shape().extent(1);
            this.C = y.shape().extent(2);
            this.H = H;
            this.D = C / H;
            this.scale = 1 / Math.sqrt(D);
            this.dropout = dropout;
            this.seed = seed;
            this.stream = stream;
        }

        int q(int b, int h, int t) {
            return (b * T + t) * 3 * C + h * D;
        }

        int k(int b, int h, int t) {
            return q(b, h, t) + C;
        }

        int v(int b, int h, int t) {
            return q(b, h, t) + 2 * C;
        }

        double factor(int b, int h, int i, int j) {
            return ReferenceDropout.factor(dropout, seed, stream, (((long) b * H + h) * T + i) * T + j);
        }

        /// Fills the row of the softmax of query i and returns its log-sum-exp; zeros where every
        /// key is padding.
        double probabilities(double[] p, int b, int h, int i) {
            for (int j = 0; j <= i; j++) {
                if (padding.isPresent() && padding.get().get(b * T + j) != 0) {
                    p[j] = Double.NEGATIVE_INFINITY;
                    continue;
                }
                for (int d = 0; d < D; d++) {
                    p[j] += qkv.get(q(b, h, i) + d) * scale * qkv.get(k(b, h, j) + d);
                }
            }
            return softmax(p);
        }

        /// Softmax in place; returns the log-sum-exp.
        static double softmax(double[] p) {
            double largest = Double.NEGATIVE_INFINITY;
            for (double score : p) {
                largest = Math.max(largest, score);
            }
            double sum = 0;
            for (int j = 0; j < p.length; j++) {
                p[j] = largest == Double.NEGATIVE_INFINITY ? 0 : Math.exp(p[j] - largest);
                sum += p[j];
            }
            for (int j = 0; j < p.length && sum > 0; j++) {
                p[j] /= sum;
            }
            return largest + Math.log(sum);
        }
    }
}
