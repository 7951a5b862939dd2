package dev.tandem.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Libraries that stand in for NVIDIA's driver, built by the system's C compiler.
final class DriverStub {
    private static final Path FOLDER = Path.of("target", "driver-stub");

    private DriverStub() {}

    /// JavaCPP's binding of the kernel compiler wants a driver to be there, not to do anything. Any
    /// call of a driver function ends the process then, so this is for the compiler alone.
    static void loadWhereThereIsNoDriver() {
        try {
            SymbolLookup.libraryLookup("libcuda.so.1", Arena.global());
        } catch (IllegalArgumentException e) {
            System.load(build("libcuda.so.1", "", "-Wl,-soname,libcuda.so.1").toString());
        }
    }

    /// A driver that answers as told.
    ///
    /// @param version what it was made for, such as 13000
    /// @param initialized result of `cuInit`
    /// @param devices number of GPUs
    /// @param major compute capability of each
    static Path answering(int version, int initialized, int devices, int major) {
        return build("libanswers-%d-%d-%d-%d.so".formatted(version, initialized, devices, major), """
                #include <string.h>
                int cuDriverGetVersion(int* version) { *version = %d; return 0; }
                int cuInit(unsigned flags) { (void) flags; return %d; }
                int cuDeviceGetCount(int* count) { *count = %d; return 0; }
                int cuDeviceGetName(char* name, int length, int device) {
                    (void) device;
                    strncpy(name, "Model T", length);
                    return 0;
                }
                int cuDeviceGetAttribute(int* value, int attribute, int device) {
                    (void) device;
                    *value = attribute == 75 ? %d : 5;
                    return 0;
                }
                """.formatted(
                        version, initialized, devices, major));
    }

    /// A library without any function.
    static Path empty() {
        return build("libempty.so", "");
    }

    private static Path build(String name, String source, String... flags) {
        return HostLibrary.alone(() -> buildAlone(name, source, flags));
    }

    private static Path buildAlone(String name, String source, String... flags) {
        try {
            Files.createDirectories(FOLDER);
            Path text = FOLDER.resolve(name + ".c");
            Files.writeString(text, source);
            Path library = FOLDER.resolve(name).toAbsolutePath();
            List<String> command = new ArrayList<>(List.of(HostLibrary.compiler(), "-x", "c", "-shared", "-fPIC"));
            command.addAll(List.of(flags));
            command.add(text.toString());
            HostLibrary.make(library, command);
            return library;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
