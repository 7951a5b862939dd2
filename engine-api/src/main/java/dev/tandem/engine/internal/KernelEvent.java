package dev.tandem.engine.internal;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// One kernel call in a flight recording.
@Name("dev.tandem.Kernel")
@Label("Kernel")
@Category("Tandem")
@StackTrace(false)
final class KernelEvent extends Event {
    @Label("Backend")
    String backend = "";

    @Label("Kernel")
    String kernel = "";

    @Label("First output")
    String output = "";
}
