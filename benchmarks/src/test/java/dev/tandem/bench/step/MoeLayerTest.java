package dev.tandem.bench.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.tandem.bench.Load;
import dev.tandem.bench.Room;
import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Backends;
import dev.tandem.engine.kernel.GeluForm;
import org.junit.jupiter.api.Test;

class MoeLayerTest {
    @Test
    void aLayerThatIsNotTrainedComputesTheSameWithoutGradients() {
        try (Backend backend = Backends.open("cpu-vector", new BackendOptions(1))) {
            assertThat(evaluated(backend, false)).isEqualTo(evaluated(backend, true));
        }
    }

    private static float[] evaluated(Backend backend, boolean trained) {
        try (var room = new Room(backend)) {
            var layer = layer(room, trained);
            layer.evaluate();
            return backend.floats(layer.operands().y());
        }
    }

    @Test
    void aLayerThatIsNotTrainedRefusesToGoBack() {
        try (Backend backend = Backends.open("cpu-vector", new BackendOptions(1));
                var room = new Room(backend)) {
            var layer = layer(room, false);
            layer.forward();
            assertThatIllegalStateException().isThrownBy(layer::backward).withMessageContaining("not trained");
        }
    }

    private static MoeLayer layer(Room room, boolean trained) {
        return new MoeLayer(room, 5, 8, 16, 3, new MoeLayer.Options(Load.ZIPF, true, trained, GeluForm.ERF));
    }
}
