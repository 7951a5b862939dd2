package dev.tandem.lab.training;

/// Hears how a comparison goes on.
public interface Listener {
    /// A sentence about what happens now.
    void message(String text);

    /// Progress of training, a few times per second.
    void progress(Status status);
}
