package dev.tandem.cuda;

import dev.tandem.cuda.MatmulLibrary.Call;
import dev.tandem.cuda.MatmulLibrary.Operands;
import dev.tandem.engine.OutOfDeviceMemory;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Runs products by a library, each by an algorithm that is chosen once.
///
/// An algorithm that an earlier process kept on disk is taken as it is, so that no bit depends on a
/// measurement made anew, and nothing is waited for. Otherwise [MatmulTrial] chooses, and the choice is kept.
/// Nothing is run by the library in a step that becomes a graph, which it would cut in pieces; nor where graphs are
/// switched off, so that debugging changes no bit.
/// A product that the library refuses, or gets wrong with every algorithm, or that there is no room to try, is
/// refused from then on. Without room for the library's workspace all products are.
final class MatmulChooser {
    private static final System.Logger LOG = System.getLogger("dev.tandem.cuda");

    private final CudaQueue queue;
    private final MatmulSetup setup;
    private final MatmulTrial trial;
    private final AlgorithmFile file;
    private final GrowingMemory workspace;
    private final Map<Matmul, Optional<Call>> decided = new HashMap<>();
    private boolean cramped;

    MatmulChooser(CudaQueue queue, MatmulSetup setup) {
        this.queue = queue;
        this.setup = setup;
        workspace = queue.memory("workspace of products");
        trial = new MatmulTrial(queue, setup);
        file = new AlgorithmFile(setup.cache(), setup.library().identity());
    }

    /// Our own product of the same operands, with its results in other places.
    interface Own {
        /// Enqueues it.
        void run(DeviceAddress d, DeviceAddress saved);
    }

    /// Whether [#run] is known to do nothing for a product now, so that nothing need be made ready for it.
    boolean refuses(Matmul matmul) {
        return cramped || queue.repeating() || Optional.empty().equals(decided.get(matmul));
    }

    /// Runs a product by the library.
    ///
    /// @param counts rows of each matrix whose results count; none if all do
    /// @return whether it did; if not, nothing was overwritten but the results, and those only where they do
    ///     not accumulate
    boolean run(Matmul matmul, Operands operands, DeviceAddress counts, Own own) {
        if (!operands.aligned() || refuses(matmul)) {
            return false;
        }
        DeviceAddress room = room();
        if (cramped) {
            return false;
        }
        Optional<Call> call = decided.get(matmul);
        if (call == null) {
            call = decide(matmul, operands, counts, own, room);
        }
        return call.isPresent() && call.get().run(operands, room);
    }

    /// The workspace. Once there was no room for it, nobody asks again: that would wait for the device at every
    /// product, and the bits of a product would depend on when there was room.
    private DeviceAddress room() {
        try {
            return workspace.holding(MatmulLibrary.WORKSPACE_BYTES);
        } catch (OutOfDeviceMemory e) {
            LOG.log(
                    Level.WARNING,
                    "there is no room for the workspace of a library, so our own kernels compute all products in this"
                            + " process: {0}",
                    e.getMessage());
            cramped = true;
            return DeviceAddress.NONE;
        }
    }

    private Optional<Call> decide(Matmul matmul, Operands operands, DeviceAddress counts, Own own, DeviceAddress room) {
        Optional<MatmulAlgorithm> kept = setup.tunes() ? file.find(matmul) : Optional.empty();
        Optional<Call> ready = kept.flatMap(algorithm -> setup.library().prepare(matmul, algorithm));
        if (ready.isPresent()) {
            decided.put(matmul, ready);
            return ready;
        }
        MatmulTrial.Outcome outcome = trial.of(matmul, operands, counts, own, room);
        return switch (outcome) {
            case MatmulTrial.Chosen(MatmulAlgorithm algorithm) -> {
                MatmulAlgorithm counting = setup.tunes() ? file.keep(matmul, algorithm, kept) : algorithm;
                yield decided(matmul, setup.library().prepare(matmul, counting));
            }
            case MatmulTrial.Refused() -> decided(matmul, Optional.empty());
            case MatmulTrial.Undecided() -> Optional.empty();
        };
    }

    private Optional<Call> decided(Matmul matmul, Optional<Call> call) {
        decided.put(matmul, call);
        return call;
    }
}
