package dev.tandem.engine.internal;

import dev.tandem.engine.Kernels;
import dev.tandem.engine.Tensor;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.lang.reflect.RecordComponent;

/// Times and names every kernel call in a [KernelEvent] of the flight recorder. Installed only
/// when asked for, so a run without it pays nothing.
public final class TracedKernels {
    private TracedKernels() {}

    /// The same kernels, each call an event.
    public static Kernels around(Kernels kernels, String backend) {
        RecordComponent[] components = Kernels.class.getRecordComponents();
        var types = new Class<?>[components.length];
        var traced = new Object[components.length];
        try {
            for (int i = 0; i < components.length; i++) {
                types[i] = components[i].getType();
                traced[i] = trace(types[i], components[i].getAccessor().invoke(kernels), backend);
            }
            Constructor<Kernels> constructor = Kernels.class.getDeclaredConstructor(types);
            return constructor.newInstance(traced);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the record of kernels cannot be taken apart", e);
        }
    }

    private static Object trace(Class<?> type, Object kernel, String backend) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
            var event = new KernelEvent();
            event.begin();
            try {
                return method.invoke(kernel, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause() == null ? e : e.getCause();
            } finally {
                event.end();
                if (event.shouldCommit()) {
                    event.backend = backend;
                    event.kernel = type.getSimpleName() + "." + method.getName();
                    event.output = arguments != null && arguments.length > 0 && arguments[0] instanceof Tensor output
                            ? output.name() + output.shape()
                            : "";
                    event.commit();
                }
            }
        });
    }
}
