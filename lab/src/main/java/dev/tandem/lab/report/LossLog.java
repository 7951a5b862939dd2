package dev.tandem.lab.report;

import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Appends measurements to a file of JSON lines while training runs. Each line is flushed, so a
/// killed run leaves everything up to its last line. If the file can no longer be written, one
/// warning is logged and training goes on.
public final class LossLog implements AutoCloseable {
    private final Path path;
    private final BufferedWriter writer;
    private boolean failed;

    LossLog(Path path) throws IOException {
        this.path = path;
        this.writer = Files.newBufferedWriter(path);
    }

    /// Appends one line.
    public void append(Map<String, Object> fields) {
        if (failed) {
            return;
        }
        try {
            writer.write(Json.line(fields));
            writer.write('\n');
            writer.flush();
        } catch (IOException e) {
            warn(e);
        }
    }

    @Override
    public void close() {
        try {
            writer.close();
        } catch (IOException e) {
            if (!failed) {
                warn(e);
            }
        }
    }

    private void warn(IOException e) {
        failed = true;
        System.getLogger(LossLog.class.getName())
                .log(Level.WARNING, "%s is incomplete: %s".formatted(path, OutputFolder.reason(e)));
    }
}
