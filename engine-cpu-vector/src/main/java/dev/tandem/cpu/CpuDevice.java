package dev.tandem.cpu;

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
import java.util.Set;

/// The processor: off-heap memory, all cores, every kernel finished when its call returns.
final class CpuDevice implements Device {
    static final String NAME = "cpu-vector";
    private static final Set<ElementType> WEIGHT_TYPES = Set.of(ElementType.BF16, ElementType.Q8);

    private final Settings settings;
    private final Workers workers;
    private final Workspace scratch;
    private final Kernels kernels;
    private final Transfer transfer = new Transfer();
    private final long budget = HostMemory.budget();
    private final HeldMemory held = new HeldMemory();

    CpuDevice(Settings settings, int threads) {
        this.settings = settings;
        workers = new Workers(threads, settings.hugePages());
        scratch = new Workspace(settings.hugePages());
        var linear = new CpuLinear(workers, held);
        kernels = new Kernels(
                new CpuFill(workers),
                new CpuEmbedding(workers, scratch),
                new CpuLayerNorm(workers, scratch),
                linear,
                new CpuAttention(workers, held),
                new CpuGelu(workers),
                new CpuAdd(workers),
                new CpuDropout(workers),
                new CpuGate(workers, scratch, linear, held),
                new CpuDispatch(workers, HeldMemory.CACHED),
                new CpuExpertLinear(workers, held),
                new CpuExpertFeedForward(workers, held),
                new CpuCrossEntropy(workers, held),
                new CpuGradientNorm(workers, scratch),
                new CpuAdamW(workers));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "%s, %d-bit vectors, %d %s"
                .formatted(
                        Processor.name(),
                        Lanes.F32.vectorBitSize(),
                        workers.threads(),
                        workers.threads() == 1 ? "thread" : "threads");
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public Set<ElementType> weightTypes() {
        return WEIGHT_TYPES;
    }

    @Override
    public Storage allocate(Region region, String name, Role role, ElementType type, Shape shape) {
        long bytes = bytes(name, role, type, shape);
        long free = free();
        if (bytes > free) {
            throw new OutOfDeviceMemory(bytes, free, name);
        }
        var storage = new CpuStorage(region, name, role, type, shape, settings.hugePages());
        held.add(bytes);
        return storage;
    }

    private long bytes(String name, Role role, ElementType type, Shape shape) {
        try {
            return CpuStorage.bytes(role, type, shape);
        } catch (ArithmeticException e) {
            var refused = new OutOfDeviceMemory(Long.MAX_VALUE, free(), name);
            refused.initCause(e);
            throw refused;
        }
    }

    @Override
    public void free(Storage storage) {
        var own = (CpuStorage) storage;
        own.free();
        held.remove(own.bytes());
    }

    @Override
    public void upload(Tensor target, MemorySegment source) {
        transfer.upload(target, source);
    }

    @Override
    public void download(MemorySegment target, Tensor source) {
        transfer.download(target, source);
    }

    @Override
    public void synchronize() {
        // Every call has finished its work before it returned.
    }

    @Override
    public MemoryUsage memoryUsage() {
        return new MemoryUsage(held.bytes(), workspace(), free());
    }

    private long workspace() {
        long bytes = scratch.bytes();
        for (int worker = 0; worker < workers.threads(); worker++) {
            bytes += workers.workspace(worker).bytes();
        }
        return bytes;
    }

    private long free() {
        return Math.max(0, budget - held.bytes() - workspace());
    }

    @Override
    public void close() {
        workers.close();
        scratch.close();
    }
}
