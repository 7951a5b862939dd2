package dev.tandem.cuda;

import dev.tandem.engine.DeviceException;
import dev.tandem.engine.EngineException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/// NVIDIA's run-time compiler.
final class Nvrtc implements KernelCompiler {
    private static final List<String> OPTIONS =
            List.of("-std=c++17", "-lineinfo", "-default-device", "--ptxas-options=-v");

    private final String version;

    private Nvrtc(String version) {
        this.version = version;
    }

    /// The compiler, if its library is installed. Its bindings need those of the CUDA runtime.
    static Optional<KernelCompiler> find() {
        try {
            Loader.load(nvrtc.class);
            int[] major = new int[1];
            int[] minor = new int[1];
            check("nvrtcVersion", nvrtc.nvrtcVersion(major, minor));
            return Optional.of(new Nvrtc("NVRTC %d.%d %s".formatted(major[0], minor[0], String.join(" ", OPTIONS))));
        } catch (LinkageError e) {
            return Optional.empty();
        }
    }

    @Override
    public String version() {
        return version;
    }

    @Override
    public Compiled compile(KernelSource source, String target) {
        var program = new _nvrtcProgram();
        try (var text = new BytePointer(source.text(), StandardCharsets.UTF_8);
                var name = new BytePointer(source.file(), StandardCharsets.UTF_8)) {
            check(
                    "nvrtcCreateProgram",
                    nvrtc.nvrtcCreateProgram(
                            program, text, name, 0, (PointerPointer<?>) null, (PointerPointer<?>) null));
            return compiled(program, source, target);
        } finally {
            nvrtc.nvrtcDestroyProgram(program);
        }
    }

    private static Compiled compiled(_nvrtcProgram program, KernelSource source, String target) {
        String[] options = new String[OPTIONS.size() + 1];
        OPTIONS.toArray(options);
        options[OPTIONS.size()] = "-arch=" + target;
        try (var pointers = new PointerPointer<>(options);
                var size = new SizeTPointer(1)) {
            int result = nvrtc.nvrtcCompileProgram(program, options.length, pointers);
            check("nvrtcGetProgramLogSize", nvrtc.nvrtcGetProgramLogSize(program, size));
            byte[] log = new byte[Math.toIntExact(size.get())];
            check("nvrtcGetProgramLog", nvrtc.nvrtcGetProgramLog(program, log));
            String words = new String(log, StandardCharsets.UTF_8).replace("\0", "");
            if (result != nvrtc.NVRTC_SUCCESS) {
                throw new EngineException("%s does not compile for %s:%n%s".formatted(source.file(), target, words));
            }
            check("nvrtcGetCUBINSize", nvrtc.nvrtcGetCUBINSize(program, size));
            byte[] cubin = new byte[Math.toIntExact(size.get())];
            check("nvrtcGetCUBIN", nvrtc.nvrtcGetCUBIN(program, cubin));
            return new Compiled(cubin, words);
        }
    }

    private static void check(String call, int code) {
        if (code != nvrtc.NVRTC_SUCCESS) {
            throw new DeviceException(
                    call,
                    code,
                    "the kernel compiler",
                    nvrtc.nvrtcGetErrorString(code).getString());
        }
    }
}
