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

/// `cblas_sgemm` of one library, which packs the weight at every call. It is looked up in that library's
/// own file: several export the same names, and the bindings of both would call whichever was loaded first.
///
/// @param version of the library
/// @param sgemm the function
record BlasLibrary(String version, MethodHandle sgemm) implements ProductLibrary {
    private static final int ROW_MAJOR = 101;
    private static final int NO_TRANSPOSE = 111;
    private static final int TRANSPOSE = 112;

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

    @Override
    public Runnable product(ProductOperands.Task task) {
        return () -> multiply(task);
    }

    private void multiply(ProductOperands.Task task) {
        int in = task.in();
        int out = task.out();
        try {
            sgemm.invokeExact(
                    ROW_MAJOR,
                    NO_TRANSPOSE,
                    TRANSPOSE,
                    task.rows(),
                    out,
                    in,
                    1f,
                    task.x(),
                    in,
                    task.weight(),
                    in,
                    0f,
                    task.y(),
                    out);
        } catch (Error | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // the handle of a C function declares it and never throws it
        }
    }
}
