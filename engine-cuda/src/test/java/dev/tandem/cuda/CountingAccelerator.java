package dev.tandem.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/// Passes every call on to another accelerator and counts what it passed.
final class CountingAccelerator implements Accelerator {
    private final Accelerator counted;
    private final Map<String, Integer> calls = new TreeMap<>();
    private final boolean graphs;
    private int kernels;

    CountingAccelerator(Accelerator counted) {
        this(counted, true);
    }

    /// @param graphs whether there are any
    CountingAccelerator(Accelerator counted, boolean graphs) {
        this.counted = counted;
        this.graphs = graphs;
    }

    /// How often each kind of call was made since the last time this was asked. Launches of kernels are
    /// not counted.
    Map<String, Integer> calls() {
        var made = new TreeMap<>(calls);
        calls.clear();
        return made;
    }

    private void count(String call) {
        calls.merge(call, 1, Integer::sum);
    }

    @Override
    public String description() {
        return counted.description();
    }

    /// How many kernels were launched by themselves since the last time this was asked.
    int kernels() {
        int launched = kernels;
        kernels = 0;
        return launched;
    }

    @Override
    public Entry entry(String source, String kernel, ArgumentLayout<?> layout) {
        count("entry");
        Entry entry = counted.entry(source, kernel, layout);
        return (grid, arguments) -> {
            kernels++;
            entry.launch(grid, arguments);
        };
    }

    @Override
    public Optional<Graphs> graphs() {
        return counted.graphs().filter(_ -> graphs).map(made -> launches -> {
            count("graph");
            return counted(made.of(launches));
        });
    }

    private Graph counted(Graph graph) {
        return new Graph() {
            @Override
            public void update(int node, Grid grid, MemorySegment arguments) {
                count("update");
                graph.update(node, grid, arguments);
            }

            @Override
            public void launch() {
                count("launch");
                int before = kernels;
                graph.launch();
                kernels = before;
            }

            @Override
            public void free() {
                count("free graph");
                graph.free();
            }
        };
    }

    @Override
    public OptionalLong allocate(long bytes) {
        count("allocate");
        return counted.allocate(bytes);
    }

    @Override
    public void free(long address) {
        count("free");
        counted.free(address);
    }

    @Override
    public void clear(long address, long bytes) {
        count("clear");
        counted.clear(address, bytes);
    }

    @Override
    public void upload(long target, MemorySegment source) {
        count("upload");
        counted.upload(target, source);
    }

    @Override
    public void download(MemorySegment target, long source) {
        count("download");
        counted.download(target, source);
    }

    @Override
    public Optional<MatmulSetup> matmuls() {
        return counted.matmuls();
    }

    @Override
    public void synchronize() {
        count("synchronize");
        counted.synchronize();
    }

    @Override
    public long freeBytes() {
        count("freeBytes");
        return counted.freeBytes();
    }

    @Override
    public void close() {
        counted.close();
    }
}
