package dev.tandem.bench.peer;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;

/// What the ways to use oneDNN share.
final class Dnnl {
    private Dnnl() {}

    static String version() {
        dnnl_version_t version = dnnl.dnnl_version();
        return "%d.%d.%d (%s)"
                .formatted(version.major(), version.minor(), version.patch(), Artifact.version(dnnl.class));
    }

    /// The same memory for JavaCPP.
    static FloatPointer pointer(MemorySegment segment) {
        return new FloatPointer(
                segment.asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer());
    }
}
