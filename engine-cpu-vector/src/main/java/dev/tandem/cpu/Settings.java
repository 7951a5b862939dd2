package dev.tandem.cpu;

import java.util.Properties;
import jdk.incubator.vector.FloatVector;

/// The system properties of this module, read once.
///
/// | property               | meaning                                     | default             |
/// |------------------------|---------------------------------------------|---------------------|
/// | `tandem.cpu.vectorBits`| use vectors no wider than 128, 256 or 512   | 512                 |
/// | `tandem.cpu.threads`   | threads of a backend, the caller included   | available processors|
/// | `tandem.cpu.hugePages` | ask the kernel for huge pages               | `true`              |
/// | `tandem.cpu.prefetch`  | ask for memory ahead, see [Prefetch]        | `true`              |
record Settings(int vectorBits, int threads, boolean hugePages, boolean prefetch) {
    private static final String VECTOR_BITS = "tandem.cpu.vectorBits";
    private static final String THREADS = "tandem.cpu.threads";
    private static final String HUGE_PAGES = "tandem.cpu.hugePages";
    private static final String PREFETCH = "tandem.cpu.prefetch";
    private static final int WIDEST = 512;
    private static final int MOST_THREADS = 1024;

    Settings {
        if (vectorBits != 128 && vectorBits != 256 && vectorBits != 512) {
            throw new IllegalArgumentException("%s must be 128, 256 or 512, was %d".formatted(VECTOR_BITS, vectorBits));
        }
        // An upper bound, so that one command line serves machines with and without AVX-512.
        vectorBits = Math.min(vectorBits, FloatVector.SPECIES_PREFERRED.vectorBitSize());
        if (threads < 1 || threads > MOST_THREADS) {
            throw new IllegalArgumentException("%s must be in 1..%d, was %d".formatted(THREADS, MOST_THREADS, threads));
        }
    }

    static Settings read() {
        return read(System.getProperties());
    }

    static Settings read(Properties properties) {
        return new Settings(
                integer(properties, VECTOR_BITS, WIDEST),
                integer(properties, THREADS, Runtime.getRuntime().availableProcessors()),
                flag(properties, HUGE_PAGES),
                flag(properties, PREFETCH));
    }

    private static int integer(Properties properties, String name, int otherwise) {
        String text = properties.getProperty(name);
        if (text == null || text.isBlank()) {
            return otherwise;
        }
        try {
            return Integer.parseInt(text.strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("%s must be a whole number, was '%s'".formatted(name, text), e);
        }
    }

    private static boolean flag(Properties properties, String name) {
        String text = properties.getProperty(name, "true").strip();
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("%s must be true or false, was '%s'".formatted(name, text));
        };
    }
}
