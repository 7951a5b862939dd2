package dev.tandem.bench.peer;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;

/// `cblas_sgemm` of one library, looked up in that library's own file: several export the same
/// names, and the bindings of both would call whichever was loaded first.
///
/// @param sgemm the function
/// @param setThreads the function that sets how many threads it uses
record BlasLibrary(String name, MethodHandle sgemm, MethodHandle setThreads) {
    /// Unpacks and loads a library.
    ///
    /// @param bindings JavaCPP's class of it
    /// @param file how the name of its file begins
    /// @param setThreads name of the function that sets its threads
    /// @throws LinkageError if it cannot be loaded here
    @SuppressWarnings("restricted") // calling C is the point; config/jvm.args allows it
    static BlasLibrary load(String name, Class<?> bindings, String file, String setThreads) {
        Loader.load(bindings);
        Path path = Loader.getLoadedLibraries().values().stream()
                .map(Path::of)
                .filter(loaded -> loaded.getFileName().toString().startsWith(file))
                .findFirst()
                .orElseThrow(() -> new UnsatisfiedLinkError("no " + file + " among the files of " + bindings));
        SymbolLookup lookup = SymbolLookup.libraryLookup(path, Arena.global());
        var sgemm = FunctionDescriptor.ofVoid(
                JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_FLOAT, ADDRESS, JAVA_INT, ADDRESS,
                JAVA_INT, JAVA_FLOAT, ADDRESS, JAVA_INT);
        return new BlasLibrary(
                name,
                handle(lookup, "cblas_sgemm", sgemm),
                handle(lookup, setThreads, FunctionDescriptor.ofVoid(JAVA_INT)));
    }

    @SuppressWarnings("restricted")
    private static MethodHandle handle(SymbolLookup lookup, String function, FunctionDescriptor descriptor) {
        return Linker.nativeLinker().downcallHandle(lookup.findOrThrow(function), descriptor);
    }

    /// Sets how many threads it uses.
    void useThreads(int threads) {
        try {
            setThreads.invokeExact(threads);
        } catch (Error | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // the handle of a C function declares it and never throws it
        }
    }
}
