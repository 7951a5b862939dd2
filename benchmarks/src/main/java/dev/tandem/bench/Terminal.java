package dev.tandem.bench;

import java.io.PrintWriter;
import java.util.Locale;

/// Lines that stay and, on a terminal, a last one that says what runs now.
final class Terminal {
    private static final String CLEAR = "\r\033[K";

    private final PrintWriter out;
    private final boolean transientLine;

    /// @param transientLine whether there is a last line that changes
    Terminal(PrintWriter out, boolean transientLine) {
        this.out = out;
        this.transientLine = transientLine;
    }

    /// Says what runs now, until the next line.
    void now(String text) {
        if (transientLine) {
            out.print(CLEAR + text);
            out.flush();
        }
    }

    /// A line that stays.
    void line(String text) {
        out.println((transientLine ? CLEAR : "") + text);
        out.flush();
    }

    /// `90 s`, `12 min`.
    static String duration(double seconds) {
        return seconds < 100
                ? String.format(Locale.ROOT, "%.0f s", seconds)
                : String.format(Locale.ROOT, "%.0f min", seconds / 60);
    }
}
