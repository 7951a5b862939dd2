package dev.tandem.bench.step;

import dev.tandem.bench.BackendBenchmark;
import dev.tandem.bench.Load;
import dev.tandem.bench.Work;
import dev.tandem.engine.kernel.GeluForm;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.Warmup;

/// How fast is a whole layer of experts, from the gate's logits to the weighted sum, and its
/// backward?
///
/// Bound by FLOPs, `2·N·C·E + 4·rows·C·F` forward and twice that backward, where an expert has tens
/// of rows or more; with fewer by the bytes of the experts that are touched. Rows without a token
/// never count. Top-2 of all experts.
@Warmup(iterations = 5, time = 1, timeUnit = TimeUnit.SECONDS)
public class MoeLayerBenchmark extends BackendBenchmark {
    /// `N x C x F`.
    @Param({"2048x512x2048", "256x512x2048", "16x512x2048", "1x512x2048"})
    public String size = "";

    /// E.
    @Param({"16", "8", "64", "128"})
    public int experts;

    /// How tokens spread over experts.
    @Param({"EVEN", "ZIPF", "ONE"})
    public Load load = Load.EVEN;

    @SuppressWarnings("NullAway.Init")
    private MoeLayer layer;

    /// Called by JMH.
    public MoeLayerBenchmark() {}

    /// Checks, then sets up.
    @Setup
    public void setUp() {
        int[] extents = extents(size);
        // the paper's capacity would drop most of an uneven load
        var options = new MoeLayer.Options(load, load != Load.EVEN, true, GeluForm.ERF);
        layer = prepare(
                room -> new MoeLayer(room, 50, 24, 72, 5, options),
                room -> new MoeLayer(room, extents[0], extents[1], extents[2], experts, options));
    }

    /// Evaluation: nothing dropped, compact rows, nothing saved.
    @Benchmark
    public void forward(Work work) {
        layer.evaluate();
        done(work, layer.forwardCost());
    }

    /// Training: forward that saves, then all gradients. A backward alone would find what it reads
    /// overwritten.
    @Benchmark
    public void forwardBackward(Work work) {
        layer.forward();
        layer.backward();
        done(work, layer.trainingCost());
    }
}
