package dev.tandem.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.tandem.engine.internal.TracedKernels;
import dev.tandem.engine.kernel.GeluForm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TracedKernelsTest {
    @TempDir
    Path folder;

    @Test
    void everyCallIsAnEventAndReachesTheKernel() throws IOException {
        var device = new RecordingDevice();
        try (Backend backend = Backend.of(device);
                Region region = backend.region("step");
                var recording = new Recording()) {
            Kernels traced = TracedKernels.around(backend.kernels(), "recorder");
            Tensor x = region.floats("x", Role.ACTIVATION, 4, 8);
            recording.enable("dev.tandem.Kernel");
            recording.start();
            traced.gelu().forward(x, x, GeluForm.ERF);
            traced.add().forward(x, x, x);
            recording.stop();
            assertThat(device.calls).containsExactly("Gelu.forward", "Add.forward");
            assertThat(events(recording))
                    .extracting(event -> event.getString("backend") + " " + event.getString("kernel"))
                    .containsExactly("recorder Gelu.forward", "recorder Add.forward");
            assertThat(events(recording).getFirst().getString("output")).isEqualTo("x[4, 8]");
        }
    }

    @Test
    void aRefusalComesThroughAsItWas() {
        try (Backend backend = Backend.of(new RecordingDevice());
                Region region = backend.region("step")) {
            Kernels traced = TracedKernels.around(backend.kernels(), "recorder");
            Tensor x = region.floats("x", Role.ACTIVATION, 4, 8);
            Tensor y = region.floats("y", Role.ACTIVATION, 4, 9);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> traced.gelu().forward(y, x, GeluForm.ERF))
                    .withMessageContaining("Gelu");
        }
    }

    private List<RecordedEvent> events(Recording recording) throws IOException {
        Path file = folder.resolve("calls.jfr");
        recording.dump(file);
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("dev.tandem.Kernel"))
                .toList();
    }
}
