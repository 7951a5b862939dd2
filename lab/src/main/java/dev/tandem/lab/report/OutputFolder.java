package dev.tandem.lab.report;

import dev.tandem.lab.BadInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The folder that receives a report. It is checked before training, so that no minutes are spent
/// on results that cannot be kept. Files of an earlier report are replaced one by one, each by a
/// complete new one; other files are left alone.
public final class OutputFolder {
    private static final long NEEDED_BYTES = 8L << 20;
    // the runtime of a bundle has no java.desktop
    private static final boolean DRAWS =
            ModuleLayer.boot().findModule("java.desktop").isPresent();
    private static final String REMEDY = "Give another folder with --out DIR";
    private final Path path;
    private final boolean existed;

    private OutputFolder(Path path, boolean existed) {
        this.path = path;
        this.existed = existed;
    }

    /// Creates the folder if need be, and makes sure that files can be written to it.
    ///
    /// @throws BadInputException if they cannot
    public static OutputFolder prepare(Path path) {
        if (path.toString().isEmpty()) {
            throw new BadInputException("output folder", "its name is empty", REMEDY + ", or . for this folder");
        }
        boolean existed = Files.exists(path);
        try {
            Files.createDirectories(path);
        } catch (FileAlreadyExistsException e) {
            throw new BadInputException("output folder " + path, "a file of that name is in the way", REMEDY, e);
        } catch (IOException e) {
            throw new BadInputException("output folder " + path, "it cannot be created (" + reason(e) + ")", REMEDY, e);
        }
        var folder = new OutputFolder(path, existed);
        try {
            requireRoom(path);
        } catch (BadInputException e) {
            folder.withdraw();
            throw e;
        }
        return folder;
    }

    private static void requireRoom(Path path) {
        try {
            probe(path);
        } catch (IOException e) {
            throw new BadInputException(
                    "output folder " + path,
                    "nothing can be written there (" + reason(e) + ")",
                    "Free some space, change its permissions, or give another folder with --out DIR",
                    e);
        }
        requireSpace(path);
    }

    /// Removes the folder again, not those above it, if it was made here and nothing has been written to it.
    public void withdraw() {
        if (existed) {
            return;
        }
        try {
            Files.deleteIfExists(path);
        } catch (IOException _) {
            // it holds something by now, or has to stay: an empty folder does no harm
        }
    }

    private static void probe(Path path) throws IOException {
        Path probe = Files.createTempFile(path, ".probe", null);
        try {
            Files.write(probe, new byte[1 << 16]);
        } finally {
            Files.delete(probe);
        }
    }

    /// Makes sure that a single file can be written, and leaves things as they were.
    ///
    /// @param option that named it, for the complaint
    /// @throws BadInputException if it cannot
    public static void requireWritable(Path file, String option) {
        boolean existed = Files.exists(file);
        try {
            Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)
                    .close();
            if (!existed) {
                Files.delete(file);
            }
        } catch (IOException e) {
            String why = Files.isDirectory(file) ? "it is a folder" : reason(e);
            throw new BadInputException(
                    option + " " + file,
                    "it cannot be written (" + why + ")",
                    "Give the path of a file in a folder that exists",
                    e);
        }
    }

    private static void requireSpace(Path path) {
        long free;
        try {
            free = Files.getFileStore(path).getUsableSpace();
        } catch (IOException e) {
            return; // some file systems do not tell; the probe above was written
        }
        if (free < NEEDED_BYTES) {
            throw new BadInputException(
                    "output folder " + path,
                    "only %d KiB are free there and a report may need %d".formatted(free >> 10, NEEDED_BYTES >> 10),
                    "Free some space or give another folder with --out DIR");
        }
    }

    /// What the file system said, without the path that the message around it names anyway.
    static String reason(IOException e) {
        return switch (e) {
            case AccessDeniedException _ -> "permission denied";
            case NoSuchFileException _ -> "no such file or folder";
            case FileSystemException refused ->
                refused.getReason() == null ? "the system gives no reason" : refused.getReason();
            default -> String.valueOf(e.getMessage());
        };
    }

    /// The folder.
    public Path path() {
        return path;
    }

    /// Opens `losses.jsonl` anew.
    public LossLog losses() throws IOException {
        return new LossLog(path.resolve("losses.jsonl"));
    }

    /// Writes `report.json`, `report.md` and, where the Java runtime can draw, the plots that have something to show.
    /// Plots of an earlier report that are not drawn anew are deleted.
    ///
    /// @return the files written
    /// @throws IOException if a file cannot be written; files written before it are complete
    public List<Path> write(Report report) throws IOException {
        var written = new ArrayList<Path>();
        written.add(replace("report.json", report.json()));
        Map<String, byte[]> plots = DRAWS ? Plots.of(report) : Map.of();
        written.add(replace("report.md", Markdown.of(report, plots.keySet())));
        for (String name : Plots.NAMES) {
            if (plots.containsKey(name)) {
                written.add(replace(name, plots.get(name)));
            } else {
                Files.deleteIfExists(path.resolve(name));
            }
        }
        return written;
    }

    private Path replace(String name, String text) throws IOException {
        return replace(name, text.getBytes(StandardCharsets.UTF_8));
    }

    private Path replace(String name, byte[] content) throws IOException {
        Path file = path.resolve(name);
        Path part = path.resolve("." + name + ".part");
        try {
            Files.write(part, content);
            return Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            Files.deleteIfExists(part);
            // a full disk says so, but not where
            throw new IOException(file + ", " + reason(e), e);
        }
    }
}
