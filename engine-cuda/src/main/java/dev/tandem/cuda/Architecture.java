package dev.tandem.cuda;

import java.util.ArrayList;
import java.util.List;

/// Compute capability of a GPU.
record Architecture(int major, int minor) {
    /// Below it, asynchronous copies and BF16 tensor cores are missing.
    static final Architecture OLDEST = new Architecture(8, 0);

    /// What to compile for this GPU: with all that this very chip can do.
    String target() {
        boolean ownInstructions = major >= 9;
        return "sm_%d%d%s".formatted(major, minor, ownInstructions ? "a" : "");
    }

    /// The targets whose code runs here, the best first: its own, then older ones of the same major
    /// number. Code with a chip's own instructions runs on no other.
    List<String> targets() {
        List<String> targets = new ArrayList<>();
        targets.add(target());
        for (int older = minor; older >= 0; older--) {
            String plain = "sm_%d%d".formatted(major, older);
            if (!targets.contains(plain)) {
                targets.add(plain);
            }
        }
        return targets;
    }

    boolean isTooOld() {
        return major < OLDEST.major;
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
