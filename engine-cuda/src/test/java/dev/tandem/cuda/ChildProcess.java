package dev.tandem.cuda;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// A Java process that may end as it likes.
final class ChildProcess {
    private ChildProcess() {}

    /// Runs a class with flags and the part of this class path that passes.
    ///
    /// @return what it printed
    static String run(Class<?> main, List<String> flags, Predicate<String> classPath) {
        String path = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(classPath)
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("-cp", path, main.getName()));
        return HostLibrary.printed(command);
    }
}
