package dev.tandem.cuda;

import dev.tandem.engine.DeviceException;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;

/// Checks what driver calls return.
///
/// Kernels fail long after their launch. The names of those enqueued since the last time that all
/// work was known to be done bound the guess; with `-Dtandem.cuda.debug=true` there is only one. A
/// failure that spoils the context marks the device dead: every later call is refused in the same
/// words.
final class DriverCalls {
    private static final int WINDOW = 64;
    private static final int CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES = 701;

    private final String[] enqueued = new String[WINDOW];
    private long launches;
    private String grave = "";

    /// Notes a kernel that was enqueued.
    void enqueued(String kernel) {
        enqueued[(int) (launches++ % WINDOW)] = kernel;
    }

    /// Notes that all work is done.
    void done() {
        launches = 0;
    }

    /// Whether the device failed for good.
    boolean isDead() {
        return !grave.isEmpty();
    }

    /// Refuses work on a dead device.
    void alive(String call) {
        if (isDead()) {
            throw new DeviceException(call, 0, "a device that failed before", grave);
        }
    }

    /// Raises a failure of a call that concerns no kernel of its own.
    void check(String call, int code) {
        if (code != cudart.CUDA_SUCCESS) {
            throw failure(call, code, window());
        }
    }

    /// Raises a failure of a call that concerns one kernel.
    void check(String call, int code, String kernel) {
        if (code != cudart.CUDA_SUCCESS) {
            throw failure(call, code, kernel);
        }
    }

    private DeviceException failure(String call, int code, String kernel) {
        String words = words(code);
        if (isSticky(code)) {
            words += "; the device is unusable from now on: close the backend and open it again in a new process";
            grave = "%s failed with code %d in %s: %s".formatted(call, code, kernel, words);
        }
        return new DeviceException(call, code, kernel, words);
    }

    /// Illegal addresses, failed launches, traps and uncorrectable memory leave no usable context.
    private static boolean isSticky(int code) {
        boolean launch = code >= cudart.CUDA_ERROR_ILLEGAL_ADDRESS
                && code <= cudart.CUDA_ERROR_LAUNCH_FAILED
                && code != CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
        return launch || code == cudart.CUDA_ERROR_ECC_UNCORRECTABLE;
    }

    private String window() {
        if (launches == 0) {
            return "no kernel";
        }
        int count = (int) Math.min(launches, WINDOW);
        var names = new StringBuilder(count == 1 ? "" : "one of the last kernels: ");
        for (long i = launches - count; i < launches; i++) {
            names.append(i == launches - count ? "" : ", ").append(enqueued[(int) (i % WINDOW)]);
        }
        return names.toString();
    }

    private static String words(int code) {
        try (var text = new PointerPointer<BytePointer>(1)) {
            if (cudart.cuGetErrorString(code, text) != cudart.CUDA_SUCCESS) {
                return "the driver has no words for it";
            }
            return text.get(BytePointer.class, 0).getString();
        }
    }
}
