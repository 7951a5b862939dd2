package dev.tandem.cuda;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.AdamW;
import java.util.Optional;

/// `adam_w.cu`: one pass, bound by bytes, 28 for each element and 2 for its working copy.
///
/// Both rules are `parameter·decay − rate·m/(√v·rootScale + ε)`; their coefficients are computed here,
/// in double precision.
final class CudaAdamW implements AdamW {
    private final CudaKernel<Update> update;
    private final Rounding rounding;

    record Update(
            Tensor parameter,
            Optional<Tensor> working,
            Tensor m,
            Tensor v,
            Tensor gradient,
            Tensor norm,
            long count,
            float gradientScale,
            float beta1,
            float beta2,
            float rest1,
            float rest2,
            float epsilon,
            float rootScale,
            float rate,
            float decay) {}

    CudaAdamW(CudaQueue queue, Rounding rounding) {
        update = queue.kernel("adam_w.cu", "adam_w_update", Update.class);
        this.rounding = rounding;
    }

    @Override
    public void update(
            Tensor parameter,
            Optional<Tensor> working,
            Tensor m,
            Tensor v,
            Tensor gradient,
            Tensor norm,
            Moments moments,
            float learningRate,
            float weightDecay,
            float gradientScale,
            long step) {
        long count = parameter.shape().elements();
        double correction1 = 1 - StrictMath.pow(moments.beta1(), (double) step);
        double correction2 = Math.sqrt(1 - StrictMath.pow(moments.beta2(), (double) step));
        boolean corrected = moments.corrected();
        double rate = corrected ? learningRate / correction1 : learningRate * correction2 / correction1;
        update.launch(
                Grid.coveringFours(count),
                new Update(
                        parameter,
                        working,
                        m,
                        v,
                        gradient,
                        norm,
                        count,
                        gradientScale,
                        (float) moments.beta1(),
                        (float) moments.beta2(),
                        (float) (1 - moments.beta1()),
                        (float) (1 - moments.beta2()),
                        (float) moments.epsilon(),
                        corrected ? (float) (1 / correction2) : 1,
                        (float) rate,
                        (float) (1 - (double) learningRate * weightDecay)));
    }

    @Override
    public void round(Tensor working, Tensor parameter) {
        rounding.round(working, DeviceAddress.of(parameter));
    }
}
