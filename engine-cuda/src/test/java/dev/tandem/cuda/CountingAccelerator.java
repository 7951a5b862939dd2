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

    CountingAccelerator(Accelerator counted) {
        this.counted = counted;
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

    @Override
    public Entry entry(String source, String kernel, ArgumentLayout<?> layout) {
        count("entry");
        return counted.entry(source, kernel, layout);
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
