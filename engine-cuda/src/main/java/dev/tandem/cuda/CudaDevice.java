package dev.tandem.cuda;

import dev.tandem.engine.Device;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Kernels;
import dev.tandem.engine.MemoryUsage;
import dev.tandem.engine.OutOfDeviceMemory;
import dev.tandem.engine.Region;
import dev.tandem.engine.Role;
import dev.tandem.engine.Shape;
import dev.tandem.engine.Storage;
import dev.tandem.engine.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// An accelerator as the kernel API wants it: plain row-major tensors, kernels enqueued in call
/// order.
final class CudaDevice implements Device {
    static final String NAME = "cuda";

    private final Accelerator accelerator;
    private final CudaQueue queue;
    private final Kernels kernels;
    private final MemorySteps steps;
    private final Map<Region, RegionMemory> regions = new HashMap<>();

    /// Takes the accelerator over and closes it in the end.
    CudaDevice(Accelerator accelerator, MemorySteps steps) {
        this.accelerator = accelerator;
        this.steps = steps;
        queue = new CudaQueue(accelerator, steps);
        var rounding = new Rounding(queue);
        TypedProducts own = TypedProducts.of(queue);
        TypedProducts products = accelerator
                .matmuls()
                .map(library -> own.orBy(library, queue, rounding))
                .orElse(own);
        kernels = new Kernels(
                new CudaFill(queue),
                new CudaEmbedding(queue),
                new CudaLayerNorm(queue),
                new CudaLinear(queue, products),
                new CudaAttention(queue),
                new CudaGelu(queue),
                new CudaAdd(queue),
                new CudaDropout(queue),
                new CudaGate(queue, rounding),
                new CudaDispatch(queue),
                new CudaExpertLinear(queue, products),
                new CudaExpertFeedForward(queue, products),
                new CudaCrossEntropy(queue),
                new CudaGradientNorm(queue),
                new CudaAdamW(queue, rounding));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return accelerator.description();
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public Set<ElementType> types() {
        return EnumSet.allOf(ElementType.class);
    }

    @Override
    public Storage allocate(Region region, String name, Role role, ElementType type, Shape shape) {
        long bytes = bytes(name, type, shape);
        RegionMemory memory = regions.getOrDefault(region, new RegionMemory(accelerator, steps.shared()));
        long address =
                memory.allocate(bytes).orElseThrow(() -> new OutOfDeviceMemory(bytes, accelerator.freeBytes(), name));
        regions.put(region, memory);
        accelerator.clear(address, bytes);
        return new CudaStorage(region, name, role, type, shape, address);
    }

    private long bytes(String name, ElementType type, Shape shape) {
        try {
            return Math.multiplyExact(shape.elements(), type.bytes());
        } catch (ArithmeticException e) {
            var refused = new OutOfDeviceMemory(Long.MAX_VALUE, accelerator.freeBytes(), name);
            refused.initCause(e);
            throw refused;
        }
    }

    @Override
    public void free(Storage storage) {
        Region region = storage.region();
        if (Objects.requireNonNull(regions.get(region)).release()) {
            regions.remove(region);
        }
    }

    @Override
    public void upload(Tensor target, MemorySegment source) {
        accelerator.upload(CudaStorage.address(target), source);
    }

    @Override
    public void download(MemorySegment target, Tensor source) {
        accelerator.download(target, CudaStorage.address(source));
        queue.raiseComplaint();
    }

    @Override
    public void synchronize() {
        accelerator.synchronize();
        queue.raiseComplaint();
    }

    @Override
    public MemoryUsage memoryUsage() {
        long tensors = regions.values().stream().mapToLong(RegionMemory::bytes).sum();
        return new MemoryUsage(tensors, queue.bytes(), accelerator.freeBytes());
    }

    @Override
    public void close() {
        try {
            queue.close();
        } finally {
            accelerator.close();
        }
    }
}
