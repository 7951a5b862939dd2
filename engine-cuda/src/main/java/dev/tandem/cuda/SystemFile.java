package dev.tandem.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/// What Linux and NVIDIA's kernel module tell in a file. Nothing that such a file may hold is an error: a line
/// that cannot be read is as good as absent.
record SystemFile(String text) {
    // the open module names its processor in between
    private static final Pattern DRIVER = Pattern.compile("Module(?: for \\S+)? +([0-9.]+)");
    private static final String DELETED = " (deleted)";

    /// One that is absent or unreadable is empty.
    static SystemFile read(Path file) {
        try {
            // whatever is no UTF-8 is replaced
            return new SystemFile(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return new SystemFile("");
        }
    }

    /// The version of the driver, from the first line of the kernel module's own.
    Optional<String> driver() {
        return DRIVER.matcher(text.lines().findFirst().orElse(""))
                .results()
                .findFirst()
                .map(found -> found.group(1));
    }

    /// Where the linker found a library that is loaded now, from the list of a process's mapped files. The file may
    /// have more numbers at its end than the library's name.
    Optional<String> library(String name) {
        return text.lines()
                .filter(line -> line.contains("/"))
                .map(line -> line.substring(line.indexOf('/')))
                .map(file -> file.endsWith(DELETED) ? file.substring(0, file.length() - DELETED.length()) : file)
                .filter(file -> (file.substring(file.lastIndexOf('/') + 1) + ".").startsWith(name + "."))
                .findFirst();
    }
}
