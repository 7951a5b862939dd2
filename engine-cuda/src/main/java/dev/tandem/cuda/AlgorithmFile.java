package dev.tandem.cuda;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The algorithms that were chosen on one kind of GPU with one version of a library, on disk: a later process
/// that chose again by time would give other bits.
///
/// A line is `hash of the rest, algorithm, product`; lines that do not agree with their hash are as good as
/// absent. What one process has kept, others do not replace.
final class AlgorithmFile {
    private static final System.Logger LOG = System.getLogger("dev.tandem.cuda");
    private static final String SEPARATOR = "\t";
    private static final int FIELDS = 3;

    private final Path file;
    private final String identity;
    private Map<String, MatmulAlgorithm> known;

    /// @param folder may be absent
    /// @param identity of the GPU and the library
    AlgorithmFile(Path folder, String identity) {
        this.identity = identity;
        file = folder.toAbsolutePath().resolve("products-%s.txt".formatted(CudaModules.hash(identity)));
        known = read();
    }

    /// What was chosen for a product.
    Optional<MatmulAlgorithm> find(Matmul matmul) {
        return Optional.ofNullable(known.get(matmul.key()));
    }

    /// Keeps a choice, and gives the one that counts: another process may have been first.
    ///
    /// @param refused what [#find] gave and the library would not have; it is replaced
    MatmulAlgorithm keep(Matmul matmul, MatmulAlgorithm chosen, Optional<MatmulAlgorithm> refused) {
        try {
            return kept(matmul, chosen, refused);
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "the algorithm of a product cannot be kept in {0}, so another run may choose another one and give"
                            + " other bits: {1}",
                    file,
                    e.toString());
            return chosen;
        }
    }

    private MatmulAlgorithm kept(Matmul matmul, MatmulAlgorithm chosen, Optional<MatmulAlgorithm> refused)
            throws IOException {
        Path folder = file.resolveSibling("");
        Files.createDirectories(folder);
        // the system's lock is one between processes
        synchronized (AlgorithmFile.class) {
            try (FileChannel channel = FileChannel.open(
                            file.resolveSibling(file.getFileName() + ".lock"),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                assert lock.isValid();
                known = read();
                MatmulAlgorithm first = known.get(matmul.key());
                if (first != null && !refused.equals(Optional.of(first))) {
                    return first;
                }
                known.put(matmul.key(), chosen);
                write(folder);
                return chosen;
            }
        }
    }

    private void write(Path folder) throws IOException {
        List<String> lines = known.entrySet().stream()
                .map(entry -> line(entry.getKey(), entry.getValue().digits()))
                .toList();
        Path unfinished = Files.createTempFile(folder, "unfinished", ".txt");
        Files.write(unfinished, lines);
        // others see the whole file or none
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private Map<String, MatmulAlgorithm> read() {
        Map<String, MatmulAlgorithm> read = new TreeMap<>();
        if (!Files.isReadable(file)) {
            return read;
        }
        try {
            for (String line : Files.readAllLines(file)) {
                String[] fields = line.split(SEPARATOR, -1);
                if (fields.length == FIELDS && line.equals(line(fields[2], fields[1]))) {
                    read.put(fields[2], new MatmulAlgorithm(fields[1]));
                } else {
                    LOG.log(Level.WARNING, "a line of {0} is spoilt and will be chosen anew", file);
                }
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the algorithms of products in {0} cannot be read: {1}", file, e.toString());
        }
        return read;
    }

    private String line(String key, String digits) {
        return String.join(SEPARATOR, CudaModules.hash(String.join(SEPARATOR, identity, digits, key)), digits, key);
    }
}
