package dev.tandem.bench.peer;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;

class GgmlLibraryTest {
    @Test
    void libraryThatIsMissingIsNamedWithItsRemedy() {
        assertThatExceptionOfType(UnsatisfiedLinkError.class)
                .isThrownBy(() -> GgmlLibrary.open("libnone.so.1", "nothing's library", "install none"))
                .withMessageStartingWith("nothing's library cannot be loaded here: ")
                .withMessageContaining("libnone.so.1")
                .withMessageEndingWith("; install none");
    }
}
