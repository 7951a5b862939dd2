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
/// @param version of the library
/// @param sgemm the function
record BlasLibrary(String version, MethodHandle sgemm) {
    /// Unpacks and loads a library.
    ///
    /// @param bindings JavaCPP's class of it
    /// @param file how the name of its file begins
    /// @throws LinkageError if it cannot be loaded here
    @SuppressWarnings("restricted") // calling C is the point; config/jvm.args allows it
    static BlasLibrary load(Class<?> bindings, String file) {
        Loader.load(bindings);
        Path path = Loader.getLoadedLibraries().values().stream()
                .map(Path::of)
                .filter(loaded -> loaded.getFileName().toString().startsWith(file))
                .findFirst()
                .orElseThrow(() -> new UnsatisfiedLinkError("no " + file + " among the files of " + bindings));
        SymbolLookup lookup = SymbolLookup.libraryLookup(path, Arena.global());
        var sgemm = FunctionDescriptor.ofVoid(
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_FLOAT,
                ADDRESS,
                JAVA_INT,
                ADDRESS,
                JAVA_INT,
                JAVA_FLOAT,
                ADDRESS,
                JAVA_INT);
        return new BlasLibrary(
                Artifact.version(bindings),
                Linker.nativeLinker().downcallHandle(lookup.findOrThrow("cblas_sgemm"), sgemm));
    }
}
