package dev.tandem.testkit.vectors;

import dev.tandem.engine.Backend;
import java.util.List;

/// Repeats the computation of one kind of vector file on a backend. Registered with
/// `java.util.ServiceLoader`; those of single operations are built in.
public interface VectorRunner {
    /// The `kind` it understands.
    String kind();

    /// Computes on the backend what the file describes, and compares every result.
    ///
    /// @throws MalformedVector if the file lacks what its kind needs
    List<Comparison> run(VectorFile file, Backend backend);
}
