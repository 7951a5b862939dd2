package dev.tandem.bench.peer;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import de.kherud.llama.LlamaModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/// The file that ggml is in. No package has it alone; that of llama.cpp's bindings for Java exports all its functions.
/// The bindings themselves are left asleep.
///
/// It was built by GCC 10 for AVX2. That compiler stores all sums of the tile of ggml's product of matrices at every
/// step of its loop, as GCC 12 does where the loop is written alike. It halves the speed: measured, 41 GFLOP/s of one
/// thread where the same loop with its sums in registers has 87. Products of one row and those of experts use another.
///
/// @param symbols of the file
record GgmlLibrary(SymbolLookup symbols) {
    private static final String FILE = "Linux/x86_64/libjllama.so";
    private static final String OPENMP = "libgomp.so.1"; // which the file needs, and a machine may lack

    /// @throws LinkageError if it cannot be loaded here
    static GgmlLibrary load() {
        open(OPENMP);
        try (InputStream packed = LlamaModel.class.getResourceAsStream(FILE)) {
            if (packed == null) {
                throw new UnsatisfiedLinkError("no " + FILE + " in the jar of llama.cpp");
            }
            Path file = Files.createTempFile("tandem-ggml", ".so");
            try {
                Files.copy(packed, file, StandardCopyOption.REPLACE_EXISTING);
                return new GgmlLibrary(open(file.toString()));
            } finally {
                Files.delete(file); // what is loaded stays
            }
        } catch (IOException e) {
            throw new UncheckedIOException("ggml cannot be unpacked: " + e.getMessage(), e);
        }
    }

    @SuppressWarnings("restricted") // calling C is the point; config/jvm.args allows it
    static SymbolLookup open(String file) {
        try {
            return SymbolLookup.libraryLookup(file, Arena.global());
        } catch (IllegalArgumentException e) {
            // no cause: a report tells the innermost reason, which does not say whose library it is
            throw new UnsatisfiedLinkError("ggml needs %s, which cannot be loaded here".formatted(file));
        }
    }

    /// @throws LinkageError if there is none of that name
    MemorySegment symbol(String name) {
        return symbols.find(name).orElseThrow(() -> new UnsatisfiedLinkError("llama.cpp's library has no " + name));
    }

    /// `llama.cpp b4916 (c6af2161) in de.kherud:llama 4.2.0`
    @SuppressWarnings("restricted") // as above
    String version() {
        int build =
                symbol("LLAMA_BUILD_NUMBER").reinterpret(JAVA_INT.byteSize()).get(JAVA_INT, 0);
        String commit = symbol("LLAMA_COMMIT")
                .reinterpret(ADDRESS.byteSize())
                .get(ADDRESS, 0)
                .reinterpret(Long.MAX_VALUE)
                .getString(0);
        return "llama.cpp b%d (%s) in de.kherud:llama %s".formatted(build, commit, Artifact.version(LlamaModel.class));
    }
}
