package dev.tandem.testkit;

import dev.tandem.engine.Tensor;
import dev.tandem.engine.kernel.LayerNorm;

final class ReferenceLayerNorm implements LayerNorm {
    @Override
    public void forward(
            Tensor yTensor, Saved saved, Tensor xTensor, Tensor gainTensor, Tensor biasTensor, float epsilon) {
        Values y = Values.of(yTensor);
        Values mean = Values.of(saved.mean());
        Values rstd = Values.of(saved.rstd());
        Values x = Values.of(xTensor);
        Values gain = Values.of(gainTensor);
        Values bias = Values.of(biasTensor);
        int N = mean.size();
        int C = gain.size();
        for (int n = 0; n < N; n++) {
            double sum = 0;
            for (int c = 0; c < C; c++) {
                sum += x.get(n * C + c);
            }
            double centre = sum / C;
            double squares = 0;
            for (int c = 0; c < C; c++) {
                double distance = x.get(n * C + c) - centre;
                squares += distance * distance;
            }
            double scale = 1 / Math.sqrt(squares / C + epsilon);
            for (int c = 0; c < C; c++) {
                y.set(n * C + c, (x.get(n * C + c) - centre) * scale * gain.get(c) + bias.get(c));
            }
            mean.set(n, centre);
            rstd.set(n, scale);
        }
    }

    @Override
    public void backward(
            Tensor dxTensor,
            Tensor dGainTensor,
            Tensor dBiasTensor,
            Tensor dyTensor,
            Saved saved,
            Tensor xTensor,
            Tensor gainTensor) {
        Values dx = Values.of(dxTensor);
        Values dGain = Values.of(dGainTensor);
        Values dBias = Values.of(dBiasTensor);
        Values dy = Values.of(dyTensor);
        Values mean = Values.of(saved.mean());
        Values rstd = Values.of(saved.rstd());
        Values x = Values.of(xTensor);
        Values gain = Values.of(gainTensor);
        int N = mean.size();
        int C = gain.size();
        for (int n = 0; n < N; n++) {
            double sum = 0;
            double weighted = 0;
            for (int c = 0; c < C; c++) {
                double normalized = (x.get(n * C + c) - mean.get(n)) * rstd.get(n);
                double gradient = dy.get(n * C + c) * gain.get(c);
                sum += gradient;
                weighted += gradient * normalized;
                dGain.add(c, dy.get(n * C + c) * normalized);
                dBias.add(c, dy.get(n * C + c));
            }
            for (int c = 0; c < C; c++) {
                double normalized = (x.get(n * C + c) - mean.get(n)) * rstd.get(n);
                double gradient = dy.get(n * C + c) * gain.get(c);
                dx.set(n * C + c, rstd.get(n) * (gradient - sum / C - normalized * weighted / C));
            }
        }
    }
}
