package dev.tandem.cuda;

import dev.tandem.engine.Device;
import dev.tandem.engine.ElementType;
import dev.tandem.engine.Kernels;
import dev.tandem.engine.MemoryUsage;
import dev.tandem.engine.OutOfDeviceMemory;
import dev.tandem.engine.PlannedTensor;
import dev.tandem.engine.Region;
import dev.tandem.engine.RepeatedStep;
import dev.tandem.engine.Role;
import dev.tandem.engine.Shape;
import dev.tandem.engine.Storage;
import dev.tandem.engine.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// An accelerator as the kernel API wants it: plain row-major tensors, kernels enqueued in call
/// order.
final class CudaDevice implements Device {
    static final String NAME = "cuda";

    private final StepRecorder accelerator;
    private final CudaQueue queue;
    private final PositionCell position;
    private final Kernels kernels;
    private final MemorySteps steps;
    private final Map<Region, RegionMemory> regions = new HashMap<>();
    private final Map<Region, List<StepGraphs>> graphs = new HashMap<>();

    /// Takes the accelerator over and closes it in the end.
    CudaDevice(Accelerator accelerator, MemorySteps steps) {
        this.accelerator = new StepRecorder(accelerator);
        this.steps = steps;
        queue = new CudaQueue(this.accelerator, steps);
        position = new PositionCell(queue);
        var rounding = new Rounding(queue);
        TypedProducts own = TypedProducts.of(queue);
        TypedProducts products = this.accelerator
                .matmuls()
                .map(library -> own.orBy(library, queue, rounding))
                .orElse(own);
        var linear = new CudaLinear(queue, products);
        kernels = new Kernels(
                new CudaFill(queue),
                new CudaEmbedding(queue, position),
                new CudaLayerNorm(queue),
                linear,
                new CudaAttention(queue, position),
                new CudaGelu(queue),
                new CudaAdd(queue),
                new CudaDropout(queue),
                new CudaGate(queue, rounding, linear),
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
        return EnumSet.of(ElementType.F32, ElementType.BF16, ElementType.I32);
    }

    @Override
    public void reserve(Region region, List<PlannedTensor> tensors) {
        if (!memory(region).reserve(tensors)) {
            throw OutOfDeviceMemory.planned(
                    RegionMemory.bytes(tensors), accelerator.freeBytes(), region.name(), tensors);
        }
    }

    @Override
    public Storage allocate(Region region, String name, Role role, ElementType type, Shape shape) {
        var tensor = new PlannedTensor(name, role, type, shape);
        long bytes = bytes(tensor);
        long address = memory(region)
                .allocate(tensor)
                .orElseThrow(() -> new OutOfDeviceMemory(bytes, accelerator.freeBytes(), name));
        return new CudaStorage(region, name, role, type, shape, address);
    }

    private RegionMemory memory(Region region) {
        return regions.computeIfAbsent(region, _ -> new RegionMemory(accelerator, steps.shared()));
    }

    private long bytes(PlannedTensor tensor) {
        try {
            return tensor.bytes();
        } catch (ArithmeticException e) {
            var refused = new OutOfDeviceMemory(Long.MAX_VALUE, accelerator.freeBytes(), tensor.name());
            refused.initCause(e);
            throw refused;
        }
    }

    @Override
    public void free(Storage storage) {
        // goes with its region
    }

    @Override
    public RepeatedStep repeated(Region region) {
        if (accelerator.graphs().isEmpty()) {
            return accelerator::runPlainly;
        }
        var own = new StepGraphs(accelerator.graphs().get());
        graphs.computeIfAbsent(region, _ -> new ArrayList<>()).add(own);
        return step -> {
            // so that every step sets it, with the same kernel in the same place
            position.forget();
            try {
                accelerator.run(own, step);
            } finally {
                position.forget();
            }
        };
    }

    @Override
    public void release(Region region) {
        List<StepGraphs> own = graphs.remove(region);
        if (own != null) {
            own.forEach(StepGraphs::free);
        }
        RegionMemory memory = regions.remove(region);
        if (memory != null) {
            memory.free();
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
    public void settle() {
        if (!accelerator.isDead()) {
            synchronize();
        }
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
