package dev.tandem.engine;

import dev.tandem.engine.internal.CheckedKernels;
import dev.tandem.engine.internal.Guard;
import dev.tandem.engine.internal.TracedKernels;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// One opened device: its memory, its kernels, its single in-order queue.
///
/// A call returns when its operands are validated and its work is enqueued; work runs in call
/// order; [#download] and [#synchronize] wait. Calls may come from any thread and are served one
/// after the other. No argument that Java code can pass crashes the process: operands are checked
/// here, once, before the device sees them.
public final class Backend implements AutoCloseable {
    private final Device device;
    private final Guard guard;
    // asked for with every call, which allocates nothing
    private final Set<ElementType> types;
    private final Set<ElementType> weightTypes;
    private final Kernels kernels;
    private final List<Region> regions = new ArrayList<>();
    private Optional<Region> stepping = Optional.empty();

    private Backend(Device device) {
        this.device = device;
        this.guard = new Guard(device.name());
        this.types = Set.copyOf(device.types());
        this.weightTypes = Set.copyOf(device.weightTypes());
        Kernels checked = CheckedKernels.around(device.kernels(), guard, this);
        this.kernels = Boolean.getBoolean("tandem.trace") ? TracedKernels.around(checked, device.name()) : checked;
    }

    /// Puts a device behind validation – and, with `-Dtandem.trace=true`, a JFR event around
    /// every kernel call. Users open backends by [Backends]; this is for devices that no provider
    /// names.
    public static Backend of(Device device) {
        return new Backend(device);
    }

    /// The name it was opened by.
    public String name() {
        return device.name();
    }

    /// One line: processor, width, threads.
    public String description() {
        return device.description();
    }

    /// Whether tensors may have a type, and kernels compute in it where they allow it. To be asked
    /// before anything is allocated: another type is refused there.
    public boolean offers(ElementType type) {
        return types.contains(type);
    }

    /// Whether weights may have a type of fewer bytes while activations are F32: for forward products
    /// alone, which read such weights faster. To be asked before any is allocated: another type is refused
    /// there.
    public boolean offersWeights(ElementType type) {
        return weightTypes.contains(type);
    }

    /// The operations.
    public Kernels kernels() {
        return kernels;
    }

    /// Opens a region: the lifetime of the tensors that it will allocate.
    ///
    /// @param name for error messages, such as `model`, `step`, `session`
    public Region region(String name) {
        guard.enter("region");
        try {
            var region = new Region(this, name);
            regions.add(region);
            return region;
        } finally {
            guard.exit();
        }
    }

    /// Copies dense row-major host elements, in native byte order, into a tensor; those of `Q8` as [Q8]
    /// describes.
    ///
    /// @throws IllegalArgumentException if the number of bytes differs from the tensor's
    public void upload(Tensor target, MemorySegment source) {
        guard.enter("upload");
        try {
            usable("upload", target, source);
            device.upload(target, source);
        } finally {
            guard.exit();
        }
    }

    /// Copies values into a tensor of `F32`, or of `BF16`, where each is rounded to the nearest, ties
    /// to even, or of `Q8`, where rows are quantized as [Q8] describes.
    public void upload(Tensor target, float[] source) {
        if (target.type() == ElementType.Q8) {
            upload(target, MemorySegment.ofArray(Q8.of(source, target.shape().last())));
            return;
        }
        if (target.type() == ElementType.BF16) {
            short[] rounded = new short[source.length];
            for (int i = 0; i < rounded.length; i++) {
                rounded[i] = Bf16.of(source[i]);
            }
            upload(target, MemorySegment.ofArray(rounded));
            return;
        }
        demand("upload", target, ElementType.F32);
        upload(target, MemorySegment.ofArray(source));
    }

    /// Copies `I32` values into a tensor.
    public void upload(Tensor target, int[] source) {
        demand("upload", target, ElementType.I32);
        upload(target, MemorySegment.ofArray(source));
    }

    /// Copies a tensor into dense row-major host elements, in native byte order; those of `Q8` as [Q8]
    /// describes. Waits for everything before.
    ///
    /// @throws IllegalArgumentException if the number of bytes differs from the tensor's, or
    ///     the host memory is read-only
    public void download(MemorySegment target, Tensor source) {
        guard.enter("download");
        try {
            usable("download", source, target);
            if (target.isReadOnly()) {
                throw new IllegalArgumentException("download: the host memory is read-only");
            }
            device.download(target, source);
        } finally {
            guard.exit();
        }
    }

    /// The values of a tensor of `F32`, or of `BF16`, which F32 holds exactly, or of `Q8`, whose values
    /// are F32 by definition.
    public float[] floats(Tensor source) {
        if (source.type() == ElementType.Q8) {
            byte[] host = new byte[Math.toIntExact(source.type().bytes(source.shape()))];
            download(MemorySegment.ofArray(host), source);
            return Q8.values(host, source.shape().last());
        }
        float[] values = new float[Math.toIntExact(source.shape().elements())];
        if (source.type() == ElementType.BF16) {
            short[] bits = new short[values.length];
            download(MemorySegment.ofArray(bits), source);
            for (int i = 0; i < values.length; i++) {
                values[i] = Bf16.value(bits[i]);
            }
            return values;
        }
        demand("download", source, ElementType.F32);
        download(MemorySegment.ofArray(values), source);
        return values;
    }

    /// The values of an `I32` tensor.
    public int[] integers(Tensor source) {
        demand("download", source, ElementType.I32);
        int[] values = new int[Math.toIntExact(source.shape().elements())];
        download(MemorySegment.ofArray(values), source);
        return values;
    }

    /// Waits until everything enqueued is done.
    public void synchronize() {
        guard.enter("synchronize");
        try {
            device.synchronize();
        } finally {
            guard.exit();
        }
    }

    /// Memory in use and free.
    public MemoryUsage memoryUsage() {
        guard.enter("memoryUsage");
        try {
            return device.memoryUsage();
        } finally {
            guard.exit();
        }
    }

    /// Whether a tensor lives in this backend's memory and its region is open.
    public boolean owns(Tensor tensor) {
        Region region = tensor.storage().region();
        return region.backend() == this && region.isOpen();
    }

    /// Closes every region that is still open, then the device. Closing twice is harmless, and so is closing a
    /// device that has failed.
    @Override
    public void close() {
        if (!guard.seal()) {
            return;
        }
        try {
            device.settle();
            for (Region region : List.copyOf(regions)) {
                free(region);
            }
        } finally {
            device.close();
            guard.exit();
        }
    }

    void reserve(Region region, List<PlannedTensor> tensors) {
        guard.enter("reserve");
        try {
            for (PlannedTensor tensor : tensors) {
                allocatable(region, tensor);
            }
            device.reserve(region, List.copyOf(tensors));
        } finally {
            guard.exit();
        }
    }

    Tensor allocate(Region region, PlannedTensor tensor) {
        guard.enter("allocate");
        try {
            allocatable(region, tensor);
            Storage storage = device.allocate(region, tensor.name(), tensor.role(), tensor.type(), tensor.shape());
            region.add(storage);
            return new Tensor(storage, 0, tensor.shape());
        } finally {
            guard.exit();
        }
    }

    private void allocatable(Region region, PlannedTensor tensor) {
        demandOpen(region, "tensor '%s' cannot be allocated".formatted(tensor.name()));
        if (tensor.role() == Role.WEIGHT && offersWeights(tensor.type())) {
            return;
        }
        if (!offers(tensor.type())) {
            String verb = tensor.role() == Role.WEIGHT ? "multiply by weights" : "compute";
            throw new IllegalArgumentException(
                    "tensor '%s': backend '%s' does not %s in %s; allocate it as F32, or open one that does"
                            .formatted(tensor.name(), name(), verb, tensor.type()));
        }
    }

    RepeatedStep repeated(Region region) {
        guard.enter("repeated");
        try {
            demandOpen(region, "it repeats no step");
            RepeatedStep repeated = device.repeated(region);
            return step -> run(region, repeated, step);
        } finally {
            guard.exit();
        }
    }

    private void run(Region region, RepeatedStep repeated, Runnable step) {
        guard.enter("step");
        try {
            demandOpen(region, "it repeats no step");
            if (stepping.isPresent()) {
                throw new IllegalStateException("region '%s': a step cannot run within one of region '%s'"
                        .formatted(region.name(), stepping.get().name()));
            }
            stepping = Optional.of(region);
            try {
                repeated.run(step);
            } finally {
                stepping = Optional.empty();
            }
        } finally {
            guard.exit();
        }
    }

    private static void demandOpen(Region region, String otherwise) {
        if (!region.isOpen()) {
            throw new IllegalStateException("region '%s' is closed: %s".formatted(region.name(), otherwise));
        }
    }

    void close(Region region) {
        if (!region.isOpen()) {
            return;
        }
        guard.enter("close region");
        try {
            if (stepping.filter(running -> running == region).isPresent()) {
                throw new IllegalStateException(
                        "region '%s' runs a step: close it afterwards".formatted(region.name()));
            }
            device.settle();
            free(region);
        } finally {
            guard.exit();
        }
    }

    private void free(Region region) {
        regions.remove(region);
        region.seal().forEach(device::free);
        device.release(region);
    }

    private void usable(String call, Tensor tensor, MemorySegment host) {
        guard.usable(call, "tensor", tensor, this);
        long bytes = tensor.type().bytes(tensor.shape());
        if (host.byteSize() != bytes) {
            throw new IllegalArgumentException("%s: tensor '%s' %s %s has %d bytes, the host memory %d"
                    .formatted(call, tensor.name(), tensor.type(), tensor.shape(), bytes, host.byteSize()));
        }
    }

    private static void demand(String call, Tensor tensor, ElementType type) {
        if (tensor.type() != type) {
            throw new IllegalArgumentException("%s: tensor '%s' has type %s, the host array %s"
                    .formatted(call, tensor.name(), tensor.type(), type));
        }
    }
}
