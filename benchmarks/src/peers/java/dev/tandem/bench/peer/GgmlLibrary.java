package dev.tandem.bench.peer;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import de.kherud.llama.LlamaModel;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/// The file that ggml is in. No package has it alone; that of llama.cpp's bindings for Java exports all its functions.
/// The bindings themselves are left asleep.
///
/// Its compiler stores all sums of a tile of ggml's product at every step of the loop: measured, 41 GFLOP/s of one
/// thread where the same loop with its sums in registers has 87. Products of one row and those of experts use
/// another loop.
///
/// @param symbols of the file
record GgmlLibrary(SymbolLookup symbols) {
    /// What compiled it, and what a report's reader must know of that.
    static final String COMPILER = "GCC 10, whose products of many rows reach half of what their loop can";

    private static final String FILE = "Linux/x86_64/libjllama.so";
    private static final String OTHER_FOLDER =
            "-Djava.io.tmpdir=DIR in JDK_JAVA_OPTIONS names another folder, with room and without noexec";
    private static final String OPENMP = "libgomp.so.1"; // which the file needs, and a machine may lack

    /// @throws LinkageError if it cannot be loaded here
    static GgmlLibrary load() {
        openMp();
        try (InputStream packed = LlamaModel.class.getResourceAsStream(FILE)) {
            if (packed == null) {
                throw new UnsatisfiedLinkError("no " + FILE + " in the jar of llama.cpp");
            }
            Path file = Files.createTempFile("tandem-ggml", ".so");
            try {
                Files.copy(packed, file, StandardCopyOption.REPLACE_EXISTING);
                return new GgmlLibrary(open(
                        file.toString(),
                        "llama.cpp's library (Linux x86-64, unpacked to %s)".formatted(file),
                        OTHER_FOLDER));
            } finally {
                Files.delete(file); // what is loaded stays
            }
        } catch (IOException e) {
            // no cause: a report tells the innermost reason, which does not say whose library it is
            throw new UnsatisfiedLinkError("ggml cannot be unpacked: %s; %s".formatted(e, OTHER_FOLDER));
        }
    }

    /// The only file of it that comes from the machine.
    ///
    /// @throws LinkageError if the machine lacks it
    static void openMp() {
        open(OPENMP, "GCC's OpenMP, which ggml needs,", "a package libgomp1 or libgomp has it");
    }

    /// @param name that a reader knows it by
    /// @param remedy if it cannot be loaded
    @SuppressWarnings("restricted") // calling C is the point; config/jvm.args allows it
    static SymbolLookup open(String file, String name, String remedy) {
        try {
            return SymbolLookup.libraryLookup(file, Arena.global());
        } catch (IllegalArgumentException e) {
            // no cause, as above
            throw new UnsatisfiedLinkError("%s cannot be loaded here: %s; %s".formatted(name, e.getMessage(), remedy));
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
