package dev.tandem.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class BackendsTest {
    @Test
    void anUnknownNameIsRefusedAndNotReplaced() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Backends.open("abacus", BackendOptions.DEFAULT))
                .withMessageContaining("there is no backend 'abacus'");
    }

    @Test
    void aRefusalNamesTheSettingThatAskedForTheBackend() {
        assertThat(Backends.configured(null, "abacus"))
                .hasValueSatisfying(wish -> assertThatIllegalArgumentException()
                        .isThrownBy(() -> Backends.open(wish, BackendOptions.DEFAULT))
                        .withMessageContaining(
                                "'abacus' (named by the environment variable TANDEM_BACKEND); known here"));
        assertThat(Backends.configured("slide-rule", "abacus"))
                .hasValueSatisfying(wish -> assertThat(wish.name()).isEqualTo("slide-rule"));
        assertThat(Backends.configured(" ", null)).isEmpty();
    }

    @Test
    void withoutAnyProviderTheMessageSaysWhatToAdd() {
        assertThatExceptionOfType(BackendUnavailable.class)
                .isThrownBy(Backends::open)
                .withMessageContaining("engine-cpu-vector");
    }

    @Test
    void threadsHaveARange() {
        assertThatIllegalArgumentException().isThrownBy(() -> new BackendOptions(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> new BackendOptions(100_000));
    }
}
