package dev.tandem.cuda;

import dev.tandem.engine.DeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/// An accelerator that runs the kernel sources on the processor.
///
/// It is stricter than a GPU: memory starts spoilt, every allocation stands between guards that
/// must survive, arguments must agree with the compiler's layout field by field, and a kernel that
/// misuses a barrier fails by name.
final class HostShim implements Accelerator {
    private static final long GUARD_BYTES = 256;
    private static final byte GUARD = (byte) 0xFF; // NaN as a float, -1 as an integer
    private static final long MUCH_ROOM = 4L << 30;
    private static final long SEED = 0x5EED;
    private static final int RULE_BROKEN = 1;

    private final Native kernels = Native.shared();
    private final Schedule schedule;
    private final long room;
    private final Optional<MatmulSetup> matmuls;
    private final Map<Long, Block> blocks = new HashMap<>();
    private long allocated;
    private long launches;

    private record Block(Arena arena, MemorySegment whole, long bytes) {}

    /// A line of the compiler's table.
    private record Row(String source, String name, int bytes, List<String> fields) {
        static Row of(String line) {
            String[] words = line.split(" ", -1);
            return new Row(
                    words[0],
                    words[1],
                    Integer.parseInt(words[3]),
                    List.of(Arrays.copyOfRange(words, 4, words.length)));
        }
    }

    HostShim(Schedule schedule) {
        this(schedule, MUCH_ROOM);
    }

    /// @param room bytes that can be allocated
    HostShim(Schedule schedule, long room) {
        this(schedule, room, Optional.empty());
    }

    /// With a library of matrix products, which is closed with it.
    HostShim(Schedule schedule, MatmulSetup matmuls) {
        this(schedule, MUCH_ROOM, Optional.of(matmuls));
    }

    HostShim(Schedule schedule, long room, MatmulSetup matmuls) {
        this(schedule, room, Optional.of(matmuls));
    }

    private HostShim(Schedule schedule, long room, Optional<MatmulSetup> matmuls) {
        this.schedule = schedule;
        this.room = room;
        this.matmuls = matmuls;
    }

    @Override
    public String description() {
        return "host shim, threads run " + schedule;
    }

    @Override
    public Entry entry(String source, String kernel, ArgumentLayout<?> layout) {
        for (int i = 0; i < kernels.table.size(); i++) {
            Row row = kernels.table.get(i);
            if (row.source.equals(source) && row.name.equals(kernel)) {
                agree(row, layout);
                int index = i;
                return (grid, arguments) -> launch(index, kernel, grid, arguments);
            }
        }
        throw new IllegalStateException("%s has no kernel %s; known: %s"
                .formatted(source, kernel, kernels.table.stream().map(Row::name).toList()));
    }

    private static void agree(Row row, ArgumentLayout<?> layout) {
        List<String> wanted = layout.fields().stream()
                .map(field -> "%s:%c:%d:%d".formatted(field.name(), field.kind(), field.offset(), field.bytes()))
                .toList();
        if (!row.fields.equals(wanted) || row.bytes != layout.bytes()) {
            throw new IllegalStateException("%s of %s takes%n  %s, %d bytes%nbut is passed%n  %s, %d bytes"
                    .formatted(row.name, row.source, row.fields, row.bytes, wanted, layout.bytes()));
        }
    }

    private void launch(int kernel, String name, Grid grid, MemorySegment arguments) {
        String message = kernels.launch(kernel, grid, arguments, schedule, SEED + launches++);
        if (!message.isEmpty()) {
            throw new DeviceException("launch", RULE_BROKEN, name, message);
        }
        checkGuards(name);
    }

    @Override
    public Optional<Graphs> graphs() {
        return Optional.of(ShimGraph::new);
    }

    @Override
    public OptionalLong allocate(long bytes) {
        if (bytes > freeBytes()) {
            return OptionalLong.empty();
        }
        Arena arena = Arena.ofShared();
        MemorySegment whole = arena.allocate(bytes + 2 * GUARD_BYTES, GUARD_BYTES);
        whole.fill(GUARD);
        kernels.guard(whole.asSlice(0, GUARD_BYTES), true);
        kernels.guard(whole.asSlice(GUARD_BYTES + bytes, GUARD_BYTES), true);
        long address = whole.address() + GUARD_BYTES;
        blocks.put(address, new Block(arena, whole, bytes));
        allocated += bytes;
        return OptionalLong.of(address);
    }

    @Override
    public void free(long address) {
        Block block = blocks.remove(address);
        if (block == null) {
            throw new IllegalStateException("freed what was not allocated: %x".formatted(address));
        }
        kernels.guard(block.whole, false);
        block.arena.close();
        allocated -= block.bytes;
    }

    @Override
    public void clear(long address, long bytes) {
        at(address, bytes).fill((byte) 0);
    }

    @Override
    public void upload(long target, MemorySegment source) {
        HostBytes.copy(source, 0, at(target, source.byteSize()), 0, source.byteSize());
    }

    @Override
    public void download(MemorySegment target, long source) {
        HostBytes.copy(at(source, target.byteSize()), 0, target, 0, target.byteSize());
    }

    @Override
    public Optional<MatmulSetup> matmuls() {
        return matmuls;
    }

    @Override
    public void synchronize() {
        checkGuards("synchronize");
    }

    @Override
    public long freeBytes() {
        return room - allocated;
    }

    @Override
    public void close() {
        matmuls.ifPresent(setup -> setup.library().close());
        List.copyOf(blocks.keySet()).forEach(this::free);
    }

    private static MemorySegment at(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    private void checkGuards(String after) {
        for (Block block : blocks.values()) {
            if (!isGuard(block.whole.asSlice(0, GUARD_BYTES))
                    || !isGuard(block.whole.asSlice(GUARD_BYTES + block.bytes, GUARD_BYTES))) {
                throw new DeviceException(
                        "launch", RULE_BROKEN, after, "wrote outside an allocation of %d bytes".formatted(block.bytes));
            }
        }
    }

    private static boolean isGuard(MemorySegment segment) {
        for (long i = 0; i < segment.byteSize(); i += Long.BYTES) {
            if (segment.get(ValueLayout.JAVA_LONG_UNALIGNED, i) != -1L) {
                return false;
            }
        }
        return true;
    }

    /// The library, which holds one launch at a time.
    private static final class Native {
        private static final Loading LOADING = load();

        private final MethodHandle launch;
        private final MethodHandle guard;
        private final List<Row> table;

        /// The library, or what the compiler says against the sources.
        private record Loading(Optional<Native> library, String failure) {}

        private static Loading load() {
            try {
                return new Loading(Optional.of(new Native(HostLibrary.build())), "");
            } catch (IllegalStateException | NoSuchElementException e) {
                return new Loading(Optional.empty(), String.valueOf(e.getMessage()));
            }
        }

        static Native shared() {
            return LOADING.library.orElseThrow(() -> new IllegalStateException(LOADING.failure));
        }

        Native(Path library) {
            SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
            Linker linker = Linker.nativeLinker();
            launch = linker.downcallHandle(
                    symbols.findOrThrow("tandem_launch"),
                    FunctionDescriptor.of(
                            ValueLayout.ADDRESS,
                            ValueLayout.JAVA_INT,
                            ValueLayout.ADDRESS,
                            ValueLayout.ADDRESS,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_LONG));
            guard = linker.downcallHandle(
                    symbols.findOrThrow("tandem_guard"),
                    FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
            MethodHandle kernels = linker.downcallHandle(
                    symbols.findOrThrow("tandem_kernels"), FunctionDescriptor.of(ValueLayout.ADDRESS));
            try {
                table = text((MemorySegment) kernels.invokeExact())
                        .lines()
                        .map(Row::of)
                        .collect(Collectors.toList());
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        synchronized String launch(int kernel, Grid grid, MemorySegment arguments, Schedule schedule, long seed) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment geometry = arena.allocateFrom(
                        ValueLayout.JAVA_INT,
                        grid.x(),
                        grid.y(),
                        grid.z(),
                        grid.threadsX(),
                        grid.threadsY(),
                        grid.threadsZ(),
                        grid.sharedBytes());
                return text((MemorySegment) launch.invokeExact(kernel, geometry, arguments, schedule.code(), seed));
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        /// Forbids kernels a range of bytes, or allows it again.
        void guard(MemorySegment bytes, boolean forbidden) {
            try {
                guard.invokeExact(bytes, bytes.byteSize(), forbidden ? 1 : 0);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        private static String text(MemorySegment address) {
            return address.equals(MemorySegment.NULL)
                    ? ""
                    : address.reinterpret(Long.MAX_VALUE).getString(0);
        }
    }
}
