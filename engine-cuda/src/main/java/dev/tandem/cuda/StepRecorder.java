package dev.tandem.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Passes every call on to another accelerator, but keeps the kernels of a repeated step back and launches
/// them together, as graphs.
///
/// Before anything else that has to be in its place among them – copies, clearing, waiting – those so far
/// are launched. Allocation need not be: new memory may be there early, and memory that is freed stays until
/// the kernels that may use it have been launched. So scratch may grow within a step without cutting it.
final class StepRecorder implements Accelerator {
    private final Accelerator accelerator;
    private final Launches launches = new Launches();
    private final List<Long> freed = new ArrayList<>();
    private Optional<StepGraphs> recording = Optional.empty();
    private boolean plain;

    StepRecorder(Accelerator accelerator) {
        this.accelerator = accelerator;
    }

    /// Runs a step. Where it throws, kernels that were not launched yet never are.
    void run(StepGraphs graphs, Runnable step) {
        graphs.begin();
        recording = Optional.of(graphs);
        try {
            step.run();
            flush();
        } finally {
            recording = Optional.empty();
            launches.clear();
            freeLeft();
        }
    }

    /// Runs a step kernel by kernel, where there are no graphs: the same kernels as in one.
    void runPlainly(Runnable step) {
        plain = true;
        try {
            step.run();
        } finally {
            plain = false;
        }
    }

    /// Launches what was kept back.
    private void flush() {
        if (launches.count() > 0) {
            recording.orElseThrow().launch(launches);
            launches.clear();
        }
        freeLeft();
    }

    private void freeLeft() {
        freed.forEach(accelerator::free);
        freed.clear();
    }

    @Override
    public Entry entry(String source, String kernel, ArgumentLayout<?> layout) {
        Entry entry = accelerator.entry(source, kernel, layout);
        int bytes = layout.bytes();
        return (grid, arguments) -> {
            if (recording.isPresent()) {
                launches.add(entry, grid, arguments, bytes);
            } else {
                entry.launch(grid, arguments);
            }
        };
    }

    @Override
    public OptionalLong allocate(long bytes) {
        OptionalLong address = accelerator.allocate(bytes);
        if (address.isEmpty() && !freed.isEmpty()) {
            flush();
            return accelerator.allocate(bytes);
        }
        return address;
    }

    @Override
    public void free(long address) {
        if (launches.count() > 0) {
            freed.add(address);
        } else {
            accelerator.free(address);
        }
    }

    @Override
    public void clear(long address, long bytes) {
        flush();
        accelerator.clear(address, bytes);
    }

    @Override
    public void upload(long target, MemorySegment source) {
        flush();
        accelerator.upload(target, source);
    }

    @Override
    public void download(MemorySegment target, long source) {
        flush();
        accelerator.download(target, source);
    }

    @Override
    public void synchronize() {
        flush();
        accelerator.synchronize();
    }

    @Override
    public String description() {
        return accelerator.description();
    }

    @Override
    public boolean repeating() {
        return plain || recording.isPresent();
    }

    @Override
    public Optional<MatmulSetup> matmuls() {
        return accelerator.matmuls();
    }

    @Override
    public Optional<Graphs> graphs() {
        return accelerator.graphs();
    }

    @Override
    public boolean isDead() {
        return accelerator.isDead();
    }

    @Override
    public long freeBytes() {
        return accelerator.freeBytes();
    }

    @Override
    public void close() {
        accelerator.close();
    }
}
