package dev.tandem.lab.cli;

/// What the process returns, for scripts.
final class ExitCode {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int BAD_INPUT = 2;
    static final int NO_BACKEND = 3;
    /// 128 + SIGINT, what the virtual machine itself returns after Ctrl-C.
    static final int INTERRUPTED = 130;

    private ExitCode() {}
}
