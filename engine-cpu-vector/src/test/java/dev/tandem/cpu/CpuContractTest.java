package dev.tandem.cpu;

import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.testkit.contract.AdamWContract;
import dev.tandem.testkit.contract.AddContract;
import dev.tandem.testkit.contract.AttentionContract;
import dev.tandem.testkit.contract.CrossEntropyContract;
import dev.tandem.testkit.contract.DispatchContract;
import dev.tandem.testkit.contract.DropoutContract;
import dev.tandem.testkit.contract.EmbeddingContract;
import dev.tandem.testkit.contract.ExpertFeedForwardContract;
import dev.tandem.testkit.contract.ExpertLinearContract;
import dev.tandem.testkit.contract.FillContract;
import dev.tandem.testkit.contract.GateContract;
import dev.tandem.testkit.contract.GeluContract;
import dev.tandem.testkit.contract.GradientNormContract;
import dev.tandem.testkit.contract.LayerNormContract;
import dev.tandem.testkit.contract.LinearContract;
import dev.tandem.testkit.contract.RequiredBackend;
import dev.tandem.testkit.contract.RoutingContract;
import dev.tandem.testkit.contract.VectorContract;
import org.junit.jupiter.api.Nested;

/// Every contract of the testkit, kept by this backend.
final class CpuContractTest {
    private static Backend backend(int threads) {
        return RequiredBackend.open(CpuDevice.NAME, new BackendOptions(threads));
    }

    @Nested
    final class AdamW extends AdamWContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class Add extends AddContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class Attention extends AttentionContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class CrossEntropy extends CrossEntropyContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class Dispatch extends DispatchContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class Dropout extends DropoutContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class Embedding extends EmbeddingContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class ExpertFeedForward extends ExpertFeedForwardContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class ExpertLinear extends ExpertLinearContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class Fill extends FillContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class Gate extends GateContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class Gelu extends GeluContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class GradientNorm extends GradientNormContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class LayerNorm extends LayerNormContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class Linear extends LinearContract {
        @Override
        protected Backend open() {
            return open(2);
        }

        @Override
        protected Backend open(int threads) {
            return backend(threads);
        }
    }

    @Nested
    final class Vectors extends VectorContract {
        @Override
        protected Backend open() {
            return backend(2);
        }
    }

    @Nested
    final class Routing extends RoutingContract {
        @Override
        protected Backend open() {
            return backend(2);
        }
    }
}
