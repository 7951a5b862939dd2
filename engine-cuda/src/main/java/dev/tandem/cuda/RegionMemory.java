package dev.tandem.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Memory of one region, which frees all its tensors together: small ones stand one behind the other in
/// chunks, a large one has a chunk of its own.
///
/// A tensor is large from a sixteenth of a shared chunk on, so that not more than this stays unused at the
/// end of one, except of the last.
final class RegionMemory {
    private static final long ALIGNMENT = 256;
    private static final int SHARING = 16;

    private final Accelerator accelerator;
    private final long sharedBytes;
    private final List<Chunk> chunks = new ArrayList<>();
    private int tensors;

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
            return Math.ceilDiv(used, ALIGNMENT) * ALIGNMENT;
        }
    }

    /// @param sharedBytes size of a chunk that tensors share
    RegionMemory(Accelerator accelerator, long sharedBytes) {
        this.accelerator = accelerator;
        this.sharedBytes = sharedBytes;
    }

    /// Address of memory for one more tensor, a multiple of 256, contents unspecified; empty if there is
    /// no room.
    OptionalLong allocate(long bytes) {
        boolean large = bytes >= sharedBytes / SHARING;
        Optional<Chunk> chunk = large ? Optional.empty() : withRoom(bytes).or(() -> taken(sharedBytes));
        // where there is no room for a chunk there may be some for the tensor
        Optional<Chunk> found = chunk.or(() -> taken(bytes));
        if (found.isEmpty()) {
            return OptionalLong.empty();
        }
        tensors++;
        return OptionalLong.of(found.get().take(bytes));
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

    /// Gives one tensor back, and all memory with the last.
    ///
    /// @return whether it was the last
    boolean release() {
        tensors--;
        if (tensors > 0) {
            return false;
        }
        chunks.forEach(chunk -> accelerator.free(chunk.address));
        chunks.clear();
        return true;
    }

    /// Bytes of all chunks.
    long bytes() {
        return chunks.stream().mapToLong(chunk -> chunk.bytes).sum();
    }
}
