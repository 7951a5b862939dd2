package dev.tandem.engine;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.Constructor;
import java.lang.reflect.Proxy;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// A device that computes nothing and writes down what arrives.
final class RecordingDevice implements Device {
    final List<String> calls = new ArrayList<>();
    final List<Storage> freed = new ArrayList<>();
    boolean closed;

    private final Set<ElementType> types;
    private final Set<ElementType> weightTypes;

    RecordingDevice() {
        this(Set.of(ElementType.F32, ElementType.I32));
    }

    RecordingDevice(Set<ElementType> types) {
        this(types, Set.of());
    }

    RecordingDevice(Set<ElementType> types, Set<ElementType> weightTypes) {
        this.types = Set.copyOf(types);
        this.weightTypes = Set.copyOf(weightTypes);
    }

    @Override
    public Set<ElementType> types() {
        return types;
    }

    @Override
    public Set<ElementType> weightTypes() {
        return weightTypes;
    }

    private static final class HeapStorage extends Storage {
        HeapStorage(Region region, String name, Role role, ElementType type, Shape shape) {
            super(region, name, role, type, shape);
        }
    }

    @Override
    public String name() {
        return "recording";
    }

    @Override
    public String description() {
        return "writes calls down";
    }

    @Override
    public Kernels kernels() {
        RecordComponent[] components = Kernels.class.getRecordComponents();
        var types = new Class<?>[components.length];
        var kernels = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            String kernel = types[i].getSimpleName();
            kernels[i] = Proxy.newProxyInstance(
                    getClass().getClassLoader(), new Class<?>[] {types[i]}, (proxy, method, arguments) -> {
                        calls.add(kernel + "." + method.getName());
                        return null;
                    });
        }
        try {
            Constructor<Kernels> constructor = Kernels.class.getDeclaredConstructor(types);
            return constructor.newInstance(kernels);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void reserve(Region region, List<PlannedTensor> tensors) {
        calls.add("reserve " + tensors.stream().map(PlannedTensor::name).toList());
    }

    @Override
    public RepeatedStep repeated(Region region) {
        return step -> {
            calls.add("begin");
            step.run();
            calls.add("end");
        };
    }

    @Override
    public void release(Region region) {
        calls.add("release " + region.name());
    }

    @Override
    public Storage allocate(Region region, String name, Role role, ElementType type, Shape shape) {
        if (shape.elements() > 1_000_000) {
            throw new OutOfDeviceMemory(shape.elements() * type.bytes(), 4_000_000, name);
        }
        return new HeapStorage(region, name, role, type, shape);
    }

    @Override
    public void free(Storage storage) {
        freed.add(storage);
    }

    @Override
    public void upload(Tensor target, MemorySegment source) {
        calls.add("upload");
    }

    @Override
    public void download(MemorySegment target, Tensor source) {
        calls.add("download");
    }

    @Override
    public void synchronize() {
        calls.add("synchronize");
    }

    @Override
    public MemoryUsage memoryUsage() {
        return new MemoryUsage(0, 0, 4_000_000);
    }

    @Override
    public void close() {
        closed = true;
    }
}
