package dev.tandem.cuda;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A Java process that may end as it likes.
final class ChildProcess {
    private ChildProcess() {}

    /// The class path of this process.
    static List<String> classPath() {
        return List.of(System.getProperty("java.class.path").split(File.pathSeparator, -1));
    }

    /// Runs a class with flags on a class path.
    ///
    /// @return what it printed, and how it ended
    static String run(Class<?> main, List<String> flags, List<String> classPath) {
        return HostLibrary.printed(command(main, flags, classPath));
    }

    /// The command that does.
    static List<String> command(Class<?> main, List<String> flags, List<String> classPath) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath), main.getName()));
        return command;
    }
}
