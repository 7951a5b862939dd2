package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class DeclaredKernelTest {
    /// The kernel API has no BF16 operands yet; [ProductBf16Test] launches these.
    @Test
    void everyKernelOfTheSourcesIsLaunchedFromJavaAndNoOther() {
        assertThat(RecordingAccelerator.requests().stream().map(request -> request.source() + " " + request.kernel()))
                .containsExactlyInAnyOrderElementsOf(DeclaredKernel.files().stream()
                        .flatMap(file -> DeclaredKernel.of(KernelSource.of(file)).stream()
                                .map(kernel -> file + " " + kernel.name()))
                        .toList());
    }
}
