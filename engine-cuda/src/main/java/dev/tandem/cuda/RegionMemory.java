package dev.tandem.cuda;

import dev.tandem.engine.PlannedTensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;

/// Memory of one region, which frees all its tensors together. Tensors that were planned stand one behind
/// the other in one piece of memory, as large as the plan. Of others small ones share chunks, a large one
/// has a chunk of its own.
///
/// A tensor is large from a sixteenth of a shared chunk on, so that not more than this stays unused at the
/// end of one, except of the last.
final class RegionMemory {
    private static final long ALIGNMENT = 256;
    private static final int SHARING = 16;

    private final Accelerator accelerator;
    private final long sharedBytes;
    private final List<Chunk> chunks = new ArrayList<>();
    private final Queue<Place> planned = new ArrayDeque<>();

    /// Where a tensor will be that has not been allocated yet.
    private record Place(PlannedTensor tensor, long address) {}

    private static final class Chunk {
        final long address;
        final long bytes;
        long used;

        Chunk(long address, long bytes) {
            this.address = address;
            this.bytes = bytes;
        }

        boolean holds(long wanted) {
            return start() + wanted <= bytes;
        }

        long take(long wanted) {
            long start = start();
            used = start + wanted;
            return address + start;
        }

        private long start() {
            return aligned(used);
        }
    }

    /// @param sharedBytes size of a chunk that tensors share; 0: each tensor has its own memory, a plan
    ///     changes nothing
    RegionMemory(Accelerator accelerator, long sharedBytes) {
        this.accelerator = accelerator;
        this.sharedBytes = sharedBytes;
    }

    /// Bytes of the piece that holds all of them; `Long.MAX_VALUE` if a `long` does not.
    static long bytes(List<PlannedTensor> tensors) {
        long bytes = 0;
        try {
            for (PlannedTensor tensor : tensors) {
                bytes = aligned(Math.addExact(bytes, tensor.bytes()));
            }
        } catch (ArithmeticException _) {
            return Long.MAX_VALUE;
        }
        return bytes;
    }

    /// Takes the memory of tensors that will be allocated next, in this order.
    ///
    /// @return whether there was room; otherwise nothing has changed
    boolean reserve(List<PlannedTensor> tensors) {
        if (sharedBytes == 0 || tensors.isEmpty()) {
            return true;
        }
        long bytes = bytes(tensors);
        Optional<Chunk> found = bytes == Long.MAX_VALUE ? Optional.empty() : taken(bytes);
        if (found.isEmpty()) {
            return false;
        }
        Chunk chunk = found.get();
        accelerator.clear(chunk.address, bytes);
        for (PlannedTensor tensor : tensors) {
            planned.add(new Place(tensor, chunk.take(tensor.bytes())));
        }
        return true;
    }

    /// Address of memory for one more tensor, a multiple of 256, filled with zeros; empty if there is no
    /// room.
    OptionalLong allocate(PlannedTensor tensor) {
        Place next = planned.peek();
        if (next != null && next.tensor.equals(tensor)) {
            planned.remove();
            return OptionalLong.of(next.address);
        }
        long bytes = tensor.bytes();
        boolean large = bytes >= sharedBytes / SHARING;
        Optional<Chunk> chunk = large ? Optional.empty() : withRoom(bytes).or(() -> taken(sharedBytes));
        // where there is no room for a chunk there may be some for the tensor
        Optional<Chunk> found = chunk.or(() -> taken(bytes));
        if (found.isEmpty()) {
            return OptionalLong.empty();
        }
        long address = found.get().take(bytes);
        accelerator.clear(address, bytes);
        return OptionalLong.of(address);
    }

    private Optional<Chunk> withRoom(long bytes) {
        return chunks.stream().filter(chunk -> chunk.holds(bytes)).findFirst();
    }

    private Optional<Chunk> taken(long bytes) {
        OptionalLong address = accelerator.allocate(bytes);
        if (address.isEmpty()) {
            return Optional.empty();
        }
        var chunk = new Chunk(address.getAsLong(), bytes);
        chunks.add(chunk);
        return Optional.of(chunk);
    }

    private static long aligned(long bytes) {
        return Math.multiplyExact(Math.ceilDiv(bytes, ALIGNMENT), ALIGNMENT);
    }

    /// Gives everything back.
    void free() {
        chunks.forEach(chunk -> accelerator.free(chunk.address));
        chunks.clear();
        planned.clear();
    }

    /// Bytes of all chunks.
    long bytes() {
        return chunks.stream().mapToLong(chunk -> chunk.bytes).sum();
    }
}
