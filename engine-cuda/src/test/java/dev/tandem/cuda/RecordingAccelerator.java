package dev.tandem.cuda;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/// Runs nothing and writes down which kernels the backend asks for. Has no graphs.
final class RecordingAccelerator implements Accelerator {
    final List<Request> requests = new ArrayList<>();

    private final Function<String, Entry> entries;

    RecordingAccelerator() {
        this(_ -> (_, _) -> {});
    }

    /// @param entries what a launch does, by the kernel's name
    RecordingAccelerator(Function<String, Entry> entries) {
        this.entries = entries;
    }

    /// A kernel that Java launches.
    record Request(String source, String kernel, ArgumentLayout<?> layout) {}

    /// All that the backend asks for.
    static List<Request> requests() {
        var accelerator = new RecordingAccelerator();
        new CudaDevice(accelerator, MemorySteps.GPU).close();
        return List.copyOf(accelerator.requests);
    }

    @Override
    public String description() {
        return "writes requests down";
    }

    @Override
    public Entry entry(String source, String kernel, ArgumentLayout<?> layout) {
        requests.add(new Request(source, kernel, layout));
        return entries.apply(kernel);
    }

    @Override
    public Optional<Graphs> graphs() {
        return Optional.empty();
    }

    @Override
    public OptionalLong allocate(long bytes) {
        return OptionalLong.of(0);
    }

    @Override
    public void free(long address) {}

    @Override
    public void clear(long address, long bytes) {}

    @Override
    public void upload(long target, MemorySegment source) {}

    @Override
    public void download(MemorySegment target, long source) {}

    /// One that refuses everything, so that the kernels around it are asked for.
    @Override
    public Optional<MatmulSetup> matmuls() {
        return Optional.of(new MatmulSetup(HostMatmuls.refusing(), false, Path.of("nowhere")));
    }

    @Override
    public void synchronize() {}

    @Override
    public long freeBytes() {
        return 0;
    }

    @Override
    public void close() {}
}
