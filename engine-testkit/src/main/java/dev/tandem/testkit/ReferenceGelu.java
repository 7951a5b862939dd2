package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.Gelu;
import dev.tandem.engine.kernel.GeluForm;

final class ReferenceGelu implements Gelu {
    private static final double TANH_SCALE = Math.sqrt(2 / Math.PI);
    private static final double TANH_CUBE = 0.044715;

    @Override
    public void forward(Tensor yTensor, Tensor xTensor, GeluForm form) {
        Values y = Values.of(yTensor);
        Values x = Values.of(xTensor);
        for (int i = 0; i < y.size(); i++) {
            y.set(i, value(x.get(i), form));
        }
    }

    @Override
    public void backward(Tensor dxTensor, Tensor dyTensor, Tensor xTensor, GeluForm form) {
        Values dx = Values.of(dxTensor);
        Values dy = Values.of(dyTensor);
        Values x = Values.of(xTensor);
        for (int i = 0; i < dx.size(); i++) {
            dx.set(i, dy.get(i) * slope(x.get(i), form));
        }
    }

    static double value(double x, GeluForm form) {
        return switch (form) {
            case ERF -> x * below(x);
            case TANH -> 0.5 * x * (1 + Math.tanh(TANH_SCALE * (x + TANH_CUBE * x * x * x)));
        };
    }

    static double slope(double x, GeluForm form) {
        return switch (form) {
            case ERF -> below(x) + x * Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
            case TANH -> {
                double tanh = Math.tanh(TANH_SCALE * (x + TANH_CUBE * x * x * x));
                double inner = TANH_SCALE * (1 + 3 * TANH_CUBE * x * x);
                // beyond the point where tanh is 1 the inner slope may be infinite
                yield 0.5 * (1 + tanh) + (Math.abs(tanh) == 1 ? 0 : 0.5 * x * (1 - tanh * tanh) * inner);
            }
        };
    }

    /// Probability that a standard normal lies below x.
    private static double below(double x) {
        return 0.5 * ErrorFunction.erfc(-x / Math.sqrt(2));
    }
}
