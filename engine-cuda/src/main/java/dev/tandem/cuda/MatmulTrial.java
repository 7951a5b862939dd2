package dev.tandem.cuda;

import dev.tandem.cuda.MatmulLibrary.Call;
import dev.tandem.cuda.MatmulLibrary.Operands;
import dev.tandem.engine.OutOfDeviceMemory;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;

/// Chooses among a library's algorithms for a product: those whose results agree with our own kernel's on the
/// operands at hand, and of them the fastest.
///
/// Results that are overwritten anyway are tried where they belong, others in memory that is given back
/// afterwards, so that a trial needs once or twice the bytes of the results.
final class MatmulTrial {
    private static final System.Logger LOG = System.getLogger("dev.tandem.cuda");
    private static final int CANDIDATES = 8;
    private static final int TIMED_RUNS = 5;

    private final CudaQueue queue;
    private final MatmulSetup setup;
    private final ResultCheck check;
    private final List<GrowingMemory> memories;

    /// What a trial ends with.
    sealed interface Outcome {}

    /// An algorithm.
    record Chosen(MatmulAlgorithm algorithm) implements Outcome {}

    /// There is none: the library has no algorithm, or none that is right, or there is no room to tell.
    record Refused() implements Outcome {}

    /// It cannot be told now, as the operands are zero or no numbers.
    record Undecided() implements Outcome {}

    /// Where results go.
    private record Places(DeviceAddress d, DeviceAddress saved) {}

    MatmulTrial(CudaQueue queue, MatmulSetup setup) {
        this.queue = queue;
        this.setup = setup;
        check = new ResultCheck(queue);
        memories = List.of(
                queue.memory("our own results in a trial"),
                queue.memory("our own saved results in a trial"),
                queue.memory("results in a trial"));
    }

    /// Tries the library's candidates on operands. Waits for them.
    Outcome of(Matmul matmul, Operands operands, DeviceAddress counts, MatmulChooser.Own own, DeviceAddress workspace) {
        List<MatmulAlgorithm> candidates = setup.library().candidates(matmul, CANDIDATES);
        if (candidates.isEmpty()) {
            return new Refused();
        }
        try {
            long bytes = matmul.resultBytes();
            Places wanted = new Places(
                    memories.get(0).holding(bytes),
                    matmul.epilogue().saves() ? memories.get(1).holding(bytes) : DeviceAddress.NONE);
            Places found =
                    new Places(matmul.accumulates() ? memories.get(2).holding(bytes) : operands.d(), operands.saved());
            computeOwn(matmul, own, wanted);
            return fastest(matmul, candidates, operands.into(found.d(), found.saved()), wanted, counts, workspace);
        } catch (OutOfDeviceMemory e) {
            LOG.log(
                    Level.WARNING,
                    "there is no room to try a library''s algorithms for {0}, so our own kernel computes it in this"
                            + " process: {1}",
                    matmul.key(),
                    e.getMessage());
            return new Refused();
        } finally {
            memories.forEach(GrowingMemory::free);
        }
    }

    private void computeOwn(Matmul matmul, MatmulChooser.Own own, Places wanted) {
        queue.clear(wanted.d(), matmul.resultBytes());
        for (int run = 0; run < runs(matmul); run++) {
            own.run(wanted.d(), wanted.saved());
        }
    }

    /// What accumulates is run twice, so that one who overwrites is found out.
    private static int runs(Matmul matmul) {
        return matmul.accumulates() ? 2 : 1;
    }

    private Outcome fastest(
            Matmul matmul,
            List<MatmulAlgorithm> candidates,
            Operands operands,
            Places wanted,
            DeviceAddress counts,
            DeviceAddress workspace) {
        Optional<MatmulAlgorithm> best = Optional.empty();
        float least = Float.POSITIVE_INFINITY;
        for (MatmulAlgorithm candidate : candidates) {
            Optional<Call> call = setup.library().prepare(matmul, candidate);
            if (call.isEmpty()) {
                continue;
            }
            ResultCheck.Verdict verdict = verdict(matmul, call.get(), operands, wanted, counts, workspace);
            if (verdict == ResultCheck.Verdict.UNKNOWN) {
                return new Undecided();
            }
            if (verdict == ResultCheck.Verdict.WRONG) {
                LOG.log(
                        Level.WARNING,
                        "the library''s algorithm {0} is wrong for {1}",
                        candidate.digits(),
                        matmul.key());
                continue;
            }
            if (!setup.tunes()) {
                return new Chosen(candidate);
            }
            float time = time(call.get(), operands, workspace);
            if (best.isEmpty() || time < least) {
                best = Optional.of(candidate);
                least = time;
            }
        }
        return best.<Outcome>map(Chosen::new).orElseGet(Refused::new);
    }

    private ResultCheck.Verdict verdict(
            Matmul matmul, Call call, Operands operands, Places wanted, DeviceAddress counts, DeviceAddress workspace) {
        // what the candidate before left is no result of this one
        queue.clear(operands.d(), matmul.resultBytes());
        if (matmul.epilogue().saves()) {
            queue.clear(operands.saved(), matmul.resultBytes());
        }
        for (int run = 0; run < runs(matmul); run++) {
            if (!call.run(operands, workspace)) {
                return ResultCheck.Verdict.WRONG;
            }
        }
        ResultCheck.Verdict verdict = check.compare(matmul, wanted.d(), operands.d(), counts);
        if (verdict == ResultCheck.Verdict.RIGHT && matmul.epilogue().saves()) {
            return check.compare(matmul, wanted.saved(), operands.saved(), counts);
        }
        return verdict;
    }

    private float time(Call call, Operands operands, DeviceAddress workspace) {
        return setup.library().milliseconds(() -> {
            for (int run = 0; run < TIMED_RUNS; run++) {
                call.run(operands, workspace);
            }
        });
    }
}
