package dev.tandem.engine;

import java.util.Comparator;
import java.util.List;

/// What was asked for does not fit into the device's memory. Nothing was allocated.
public final class OutOfDeviceMemory extends EngineException {
    private static final long serialVersionUID = 1L;
    private static final String REMEDY = "use smaller sizes, close other regions, or give the process more memory";

    private final long requested;
    private final long free;
    private final String tensor;

    /// One tensor does not fit.
    ///
    /// @param requested bytes asked for
    /// @param free bytes the device had left
    /// @param tensor what they were for
    public OutOfDeviceMemory(long requested, long free, String tensor) {
        this(
                requested,
                free,
                tensor,
                "tensor '%s' needs %,d bytes, but only %,d are free: %s".formatted(tensor, requested, free, REMEDY));
    }

    private OutOfDeviceMemory(long requested, long free, String tensor, String message) {
        super(message);
        this.requested = requested;
        this.free = free;
        this.tensor = tensor;
    }

    /// The tensors that a region was told of do not fit together.
    ///
    /// @param requested bytes that the device wants for all of them; `Long.MAX_VALUE` if a `long` does not
    ///     hold them
    /// @param free bytes the device had left
    /// @param region its name
    /// @param tensors at least one
    public static OutOfDeviceMemory planned(long requested, long free, String region, List<PlannedTensor> tensors) {
        PlannedTensor largest = tensors.stream()
                .max(Comparator.comparingDouble(OutOfDeviceMemory::size))
                .orElseThrow();
        String message =
                "region '%s' needs %,d bytes for %d tensors, the largest of them '%s' %s %s, but only %,d are free: %s"
                        .formatted(
                                region,
                                requested,
                                tensors.size(),
                                largest.name(),
                                largest.type(),
                                largest.shape(),
                                free,
                                REMEDY);
        return new OutOfDeviceMemory(requested, free, largest.name(), message);
    }

    /// Where bytes may exceed a `long`.
    private static double size(PlannedTensor tensor) {
        return (double) tensor.shape().elements() * tensor.type().bytes();
    }

    /// Bytes asked for.
    public long requested() {
        return requested;
    }

    /// Bytes the device had left.
    public long free() {
        return free;
    }

    /// Name of the tensor they were for; of the largest where they were for several.
    public String tensor() {
        return tensor;
    }
}
