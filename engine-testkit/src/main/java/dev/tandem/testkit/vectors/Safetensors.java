package dev.tandem.testkit.vectors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads the safetensors format strictly: whatever the format does not allow is refused.
///
///     u64 little-endian header length · header: JSON, may end in spaces · raw little-endian tensors
///
/// Offsets count from the end of the header; the tensors must cover the rest of the file without
/// gap or overlap, each aligned to its element size.
///
/// Source: <https://huggingface.co/docs/safetensors/index#format>.
final class Safetensors {
    private static final long LONGEST_HEADER = 100_000_000;
    private static final int LENGTH_BYTES = Long.BYTES;

    /// What the header says about one tensor.
    ///
    /// @param shape extents, outermost first
    /// @param begin first byte, from the end of the header
    /// @param end byte behind the last
    record Entry(String name, VectorTensor.Type type, List<Integer> shape, long begin, long end) {}

    /// The whole header, entries in file order.
    record Header(Map<String, String> metadata, List<Entry> entries) {}

    /// Metadata and tensors by name.
    record Content(Map<String, String> metadata, Map<String, VectorTensor> tensors) {}

    private Safetensors() {}

    /// @throws MalformedVector if the bytes are not a well-formed file
    static Content parse(byte[] file) {
        if (file.length < LENGTH_BYTES) {
            throw new MalformedVector(
                    "the file has %d bytes, fewer than the header length takes".formatted(file.length));
        }
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long length = bytes.getLong(0);
        if (length < 2 || length > LONGEST_HEADER || length > file.length - LENGTH_BYTES) {
            throw new MalformedVector("the header length %s does not fit a file of %d bytes"
                    .formatted(Long.toUnsignedString(length), file.length));
        }
        Header header = SafetensorsHeader.parse(file, LENGTH_BYTES, (int) length);
        int body = LENGTH_BYTES + (int) length;
        cover(header.entries(), body, file.length - body);
        Map<String, VectorTensor> tensors = new LinkedHashMap<>();
        for (Entry entry : header.entries()) {
            ByteBuffer data = bytes.slice(body + (int) entry.begin(), (int) (entry.end() - entry.begin()));
            tensors.put(entry.name(), new VectorTensor(entry.name(), entry.type(), entry.shape(), data));
        }
        return new Content(header.metadata(), tensors);
    }

    /// Refuses entries that leave the file, overlap, leave gaps, or lie where their type cannot.
    private static void cover(List<Entry> entries, int body, int available) {
        long covered = 0;
        String previous = "the header";
        List<Entry> inOrder = entries.stream()
                .sorted(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end))
                .toList();
        for (Entry entry : inOrder) {
            if (entry.begin() < 0 || entry.begin() > entry.end() || entry.end() > available) {
                throw new MalformedVector("tensor '%s' at [%d, %d) leaves the %d bytes behind the header"
                        .formatted(entry.name(), entry.begin(), entry.end(), available));
            }
            long wanted = elements(entry) * entry.type().bytes();
            if (entry.end() - entry.begin() != wanted) {
                throw new MalformedVector("tensor '%s' %s %s takes %d bytes, its offsets span %d"
                        .formatted(entry.name(), entry.type(), entry.shape(), wanted, entry.end() - entry.begin()));
            }
            if (entry.begin() != covered) {
                throw new MalformedVector("tensor '%s' begins at %d, %s ends at %d: %s"
                        .formatted(
                                entry.name(),
                                entry.begin(),
                                previous,
                                covered,
                                entry.begin() < covered ? "they overlap" : "there is a gap"));
            }
            if ((body + entry.begin()) % entry.type().bytes() != 0) {
                throw new MalformedVector("tensor '%s' at byte %d is not aligned to the %d bytes of its elements"
                        .formatted(
                                entry.name(), body + entry.begin(), entry.type().bytes()));
            }
            covered = entry.end();
            previous = "'" + entry.name() + "'";
        }
        if (covered != available) {
            throw new MalformedVector("%d bytes behind the last tensor belong to none".formatted(available - covered));
        }
    }

    private static long elements(Entry entry) {
        long product = 1;
        for (int extent : entry.shape()) {
            product = Math.multiplyExact(product, extent);
        }
        return product;
    }
}
