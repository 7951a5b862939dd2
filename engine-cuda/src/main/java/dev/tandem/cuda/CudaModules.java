package dev.tandem.cuda;

import dev.tandem.engine.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/// Machine code of the kernel sources: prebuilt with this module, else from the cache, else compiled
/// now. Every image is named by the hash of what it was made from, so none can be out of date.
final class CudaModules {
    private static final System.Logger LOG = System.getLogger("dev.tandem.cuda");
    private static final int DIGEST_BYTES = 32;

    private final Architecture architecture;
    private final Optional<KernelCompiler> compiler;
    private final Path cache;

    CudaModules(Architecture architecture, Optional<KernelCompiler> compiler, Path cache) {
        this.architecture = architecture;
        this.compiler = compiler;
        this.cache = cache;
    }

    /// File name of a prebuilt image, below `cubin/` beside this class.
    static String imageName(KernelSource source, String target) {
        return "%s-%s-%s.cubin".formatted(source.file().replace(".cu", ""), target, hash(source.text()));
    }

    /// Whether there is a compiler, or no need of one: all kernels are built in or none.
    boolean canSupply() {
        return compiler.isPresent() || prebuilt(KernelSource.of("add.cu")).isPresent();
    }

    /// An image that runs on the architecture.
    ///
    /// @throws EngineException if there is none and nothing to make it with
    byte[] image(String file) {
        KernelSource source = KernelSource.of(file);
        return prebuilt(source).orElseGet(() -> cachedOrCompiled(source));
    }

    private Optional<byte[]> prebuilt(KernelSource source) {
        for (String target : architecture.targets()) {
            try (InputStream image = CudaModules.class.getResourceAsStream("cubin/" + imageName(source, target))) {
                if (image != null) {
                    return Optional.of(image.readAllBytes());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return Optional.empty();
    }

    private byte[] cachedOrCompiled(KernelSource source) {
        KernelCompiler present = compiler.orElseThrow(() -> new EngineException(
                "there is no %s for compute capability %s and no NVRTC to compile it: install libnvrtc.so.13, or use a"
                                .formatted(source.file(), architecture)
                        + " release of Tandem, whose engine-cuda has the kernels built in"));
        String target = architecture.target();
        String key = hash(String.join("\n", source.text(), target, present.version()));
        Path file = cache.resolve("%s-%s-%s.cubin".formatted(source.file().replace(".cu", ""), target, key));
        Optional<byte[]> cached = read(file);
        if (cached.isPresent()) {
            return cached.get();
        }
        byte[] image = present.compile(source, target).cubin();
        write(file, image);
        return image;
    }

    /// An image behind its digest. A file that is damaged counts as none, and is written anew.
    private static Optional<byte[]> read(Path file) {
        try {
            byte[] whole = Files.isReadable(file) ? Files.readAllBytes(file) : new byte[0];
            byte[] image = Arrays.copyOfRange(whole, Math.min(DIGEST_BYTES, whole.length), whole.length);
            boolean intact = image.length > 0 && Arrays.mismatch(digest(image), whole) == DIGEST_BYTES;
            return intact ? Optional.of(image) : Optional.empty();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "compiled kernels: " + file, e);
            return Optional.empty();
        }
    }

    /// A cache that cannot be written costs a second at the next start, nothing more.
    private static void write(Path file, byte[] image) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Path unfinished = Files.createTempFile(file.toAbsolutePath().getParent(), "unfinished", ".cubin");
            Files.write(unfinished, digest(image));
            Files.write(unfinished, image, StandardOpenOption.APPEND);
            // others see the whole file or none
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "compiled kernels cannot be kept in {0}: {1}", file.getParent(), e.toString());
        }
    }

    /// 32 hexadecimal digits that tell texts apart.
    static String hash(String text) {
        return HexFormat.of().formatHex(digest(text.getBytes(StandardCharsets.UTF_8)), 0, 16);
    }

    private static byte[] digest(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
