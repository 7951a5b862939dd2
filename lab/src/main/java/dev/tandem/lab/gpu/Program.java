package dev.tandem.lab.gpu;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Programs that steps start.
final class Program {
    private Program() {}

    /// A Java program with the virtual machine, flags and class path of this process.
    static List<String> java(String main, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        command.addAll(arguments);
        return command;
    }

    /// A program on the search path, or in one of further folders.
    static Optional<Path> find(String name, String searchPath, String... folders) {
        return Stream.concat(Arrays.stream(searchPath.split(File.pathSeparator, -1)), Arrays.stream(folders))
                .filter(folder -> !folder.isBlank())
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
