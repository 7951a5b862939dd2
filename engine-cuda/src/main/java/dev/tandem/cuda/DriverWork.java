package dev.tandem.cuda;

/// What a library that works on the driver's stream has to observe around its calls.
interface DriverWork {
    /// Begins a call: refuses it on a dead device, and makes the context that of the thread.
    void enter(String call);

    /// Notes work that was enqueued, by a name for errors.
    void enqueued(String name);

    /// Raises a failure of a call of the driver.
    void check(String call, int code);
}
