package dev.tandem.cuda;

import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Backends;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The driver of `host_driver.cpp`, which JavaCPP's bindings call as they call NVIDIA's and which runs kernels on the
/// host shim. It cannot be unloaded, so it lives in a process of its own: [#run].
final class ShimDriver {
    private static final String LOADED = "tandem.shim.driver";
    private static final Path FOLDER = Path.of("target", "shim-driver").toAbsolutePath();
    private static final String DRIVER = "libcuda.so.1";
    private static final String RUNTIME = "libcudart.so.13";

    private ShimDriver() {}

    /// Runs test classes in a process that has the driver.
    ///
    /// @return what it printed, and how it ended
    static String run(List<String> flags, List<String> tests) {
        build();
        List<String> all = new ArrayList<>(List.of(
                "@" + Path.of("..", "config", "jvm.args"),
                "-D%s=true".formatted(LOADED),
                "-Dtandem.cuda.cublas=false",
                "-Dtandem.cuda.libraries=" + FOLDER));
        all.addAll(flags);
        all.add("-Dtandem.shim.tests=" + String.join(",", tests));
        List<String> classPath = new ArrayList<>(List.of(FOLDER.toString()));
        classPath.addAll(ChildProcess.classPath());
        return ChildProcess.run(DriverMain.class, all, classPath);
    }

    private static void build() {
        Path library = HostLibrary.build();
        for (String file : DeclaredKernel.files()) {
            String name = CudaModules.imageName(KernelSource.of(file), "sm_80");
            write(FOLDER.resolve("dev/tandem/cuda/cubin").resolve(name), "%s\n%s\n".formatted(file, library));
        }
        write(FOLDER.resolve("host_driver.h"), HostLibrary.resource("host_driver.h"));
        Path source = write(FOLDER.resolve("host_driver.cpp"), HostLibrary.resource("host_driver.cpp"));
        link(DRIVER, source, "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden");
        // the bindings want these to be there, and with these names of versions, but here call only one function
        stub(RUNTIME, "");
        stub("libcublas.so.13", "");
        // of another major version than the backend takes
        stub("libcublasLt.so.13", "extern \"C\" unsigned long cublasLtGetVersion() { return 120805; }");
    }

    private static void stub(String library, String source) {
        Path versions = write(FOLDER.resolve(library + ".versions"), library + " { global: *; };");
        link(library, write(FOLDER.resolve(library + ".cpp"), source), "-Wl,--version-script=" + versions);
    }

    private static void link(String library, Path source, String... flags) {
        List<String> command = new ArrayList<>(List.of(HostLibrary.compiler(), "-shared", "-fPIC"));
        command.addAll(List.of(flags));
        command.addAll(
                List.of("-Wl,-soname," + library, "-o", FOLDER.resolve(library).toString(), source.toString()));
        String output = HostLibrary.execute(command);
        if (!output.isEmpty()) {
            throw new IllegalStateException(output);
        }
    }

    private static Path write(Path file, String text) {
        try {
            Files.createDirectories(file.getParent());
            return Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Whether this is such a process.
    static boolean isLoaded() {
        return Boolean.getBoolean(LOADED);
    }

    /// Makes the driver this process's.
    static void load() {
        System.load(FOLDER.resolve(DRIVER).toString());
    }

    /// The backend as a user opens it.
    static Backend open(Schedule schedule) {
        set("schedule", schedule.code());
        return Backends.open(CudaDevice.NAME, BackendOptions.DEFAULT);
    }

    /// Sets the `room` for allocations or the `schedule` of threads; else makes the next call of that name, or the next
    /// run
    /// of the kernel of that name, fail with a code.
    static void set(String name, long value) {
        call(name, value);
    }

    /// Streams, events, images and allocations that nobody had given back when the context was; -1 if it is not.
    static long left() {
        return call("left", 0);
    }

    private static long call(String word, long value) {
        try (Arena arena = Arena.ofConfined()) {
            return (long) Linker.nativeLinker()
                    .downcallHandle(
                            SymbolLookup.libraryLookup(DRIVER, arena).findOrThrow("stub"),
                            FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG))
                    .invokeExact(arena.allocateFrom(word), value);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
