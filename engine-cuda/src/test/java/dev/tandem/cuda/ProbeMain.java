package dev.tandem.cuda;

import dev.tandem.engine.Availability;

/// Prints what the probe, the bindings and the requirements say, for tests that need a process of their own.
final class ProbeMain {
    private ProbeMain() {}

    public static void main(String[] arguments) {
        System.out.println(
                switch (new CudaProvider().probe()) {
                    case Availability.Available(String device) -> "available: " + device;
                    case Availability.Unavailable(String reason) -> "unavailable: " + reason;
                });
        System.out.println("bindings: " + Bindings.loaded().failure().orElse("loaded"));
        new CudaProvider().requirements().forEach((name, found) -> System.out.printf("%s: %s%n", name, found));
    }
}
