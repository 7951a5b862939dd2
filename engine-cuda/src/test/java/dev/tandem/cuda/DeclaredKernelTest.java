package dev.tandem.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class DeclaredKernelTest {
    /// The kernel API has no BF16 operands yet; [ProductBf16Test] launches these.
    private static final String WITHOUT_OPERATION = "product_bf16.cu";

    @Test
    void everyKernelOfTheSourcesIsLaunchedFromJavaAndNoOther() {
        assertThat(RecordingAccelerator.requests().stream().map(request -> request.source() + " " + request.kernel()))
                .containsExactlyInAnyOrderElementsOf(DeclaredKernel.files().stream()
                        .filter(file -> !file.equals(WITHOUT_OPERATION))
                        .flatMap(file -> DeclaredKernel.of(KernelSource.of(file)).stream()
                                .map(kernel -> file + " " + kernel.name()))
                        .toList());
    }
}
