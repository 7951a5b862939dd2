package dev.tandem.lab.selftest;

import dev.tandem.engine.Backend;
import dev.tandem.engine.Tensor;
import dev.tandem.gpt.RecordedRun;
import dev.tandem.testkit.vectors.Comparison;
import dev.tandem.testkit.vectors.Comparisons;
import dev.tandem.testkit.vectors.MalformedVector;
import dev.tandem.testkit.vectors.VectorFile;
import dev.tandem.testkit.vectors.VectorRunner;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Runs the vector files of whole models.
public final class ModelVectorRunner implements VectorRunner {
    // rounds to 1: the worst that one rounding to F32 does
    private static final double HALF_STEP_ABOVE_ONE = 1 + 0x1p-24;

    /// For `java.util.ServiceLoader`.
    public ModelVectorRunner() {}

    @Override
    public String kind() {
        return "model";
    }

    @Override
    public List<Comparison> run(VectorFile file, Backend backend) {
        var comparisons = new Comparisons(file, backend);
        // learning rates, 1/targets and what the host sums of losses pass through floats
        comparisons.rounded(HALF_STEP_ABOVE_ONE);
        Set<String> awaited = results(file);
        new RecordedRun(file.metadata(), new Inputs(file), new Collector(comparisons, awaited)).replay(backend);
        if (!awaited.isEmpty()) {
            throw new MalformedVector("it has results that no model run gives: " + String.join(", ", awaited));
        }
        return comparisons.list();
    }

    private static Set<String> results(VectorFile file) {
        var names = new TreeSet<String>();
        for (String name : file.tensors().keySet()) {
            if (!name.startsWith("in.") && !name.startsWith("param.") && !name.endsWith(".f32")) {
                names.add(name);
            }
        }
        return names;
    }

    private record Inputs(VectorFile file) implements RecordedRun.Inputs {
        @Override
        public float[] floats(String name) {
            return file.tensor(name).floats();
        }

        @Override
        public int[] integers(String name) {
            return file.tensor(name).integers();
        }
    }

    private record Collector(Comparisons comparisons, Set<String> awaited) implements RecordedRun.Results {
        @Override
        public void tensor(String name, Tensor tensor) {
            awaited.remove(name);
            comparisons.floats(name, tensor);
        }

        @Override
        public void reals(String name, double[] values) {
            awaited.remove(name);
            comparisons.floats(name, values);
        }

        @Override
        public void integers(String name, int[] values) {
            awaited.remove(name);
            comparisons.integers(name, values);
        }
    }
}
