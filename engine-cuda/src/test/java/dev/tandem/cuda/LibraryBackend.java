package dev.tandem.cuda;

import dev.tandem.engine.Backend;
import dev.tandem.engine.ElementType;
import dev.tandem.testkit.contract.Tolerance;
import java.nio.file.Path;

/// Opens the CUDA backend on the host shim with large products by a library, which [HostMatmuls] stands in
/// for.
final class LibraryBackend {
    private LibraryBackend() {}

    static Backend open() {
        return open(1);
    }

    static Backend open(int threads) {
        var setup = new MatmulSetup(HostMatmuls.strict(), false, Path.of("target", "unused"));
        return ShimBackend.open(ShimBackend.schedule(threads), setup);
    }

    /// With BF16 the bias is rounded before it is added, and what is activated before it is: two roundings more,
    /// which show where terms cancel.
    static Tolerance allowed(Tolerance contracted, ElementType type) {
        return contracted.stored() > 0 ? contracted.through(type, 1) : contracted;
    }
}
