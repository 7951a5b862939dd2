package dev.tandem.lab.data;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// Finds the files of a folder or an archive.
final class Sources {
    private Sources() {}

    /// Readable files below the folder; hidden files and folders, unreadable ones and symbolic
    /// links are passed over.
    static List<Source> folder(Path folder) throws IOException {
        var found = new ArrayList<Source>();
        Path root = folder.toRealPath();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                return directory.equals(root) || !isHidden(directory)
                        ? FileVisitResult.CONTINUE
                        : FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isRegularFile() && !isHidden(file) && Files.isReadable(file)) {
                    String name = root.relativize(file).toString().replace(File.separatorChar, '/');
                    found.add(new Source(name, attributes.size(), () -> Files.newInputStream(file)));
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException exception) throws IOException {
                if (file.equals(root)) {
                    throw exception;
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return found;
    }

    private static boolean isHidden(Path path) {
        return Optional.ofNullable(path.getFileName())
                .filter(name -> name.toString().startsWith("."))
                .isPresent();
    }

    static Archive archive(Path path) throws IOException {
        return new Archive(new ZipFile(path.toFile()));
    }

    /// An open zip file; its sources can be read until it is closed.
    record Archive(ZipFile file) implements AutoCloseable {
        List<Source> entries(Predicate<String> wanted) {
            return file.stream()
                    .filter(entry -> !entry.isDirectory() && wanted.test(entry.getName()))
                    .map(this::source)
                    .toList();
        }

        private Source source(ZipEntry entry) {
            return new Source(entry.getName(), Math.max(0, entry.getSize()), () -> file.getInputStream(entry));
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
