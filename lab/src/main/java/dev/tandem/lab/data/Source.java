package dev.tandem.lab.data;

import java.io.IOException;
import java.io.InputStream;

/// A file that may become a document.
///
/// @param name as [Document#name]
/// @param size bytes, as its folder or archive tells; never negative
/// @param opener opens its content
record Source(String name, long size, Opener opener) {
    interface Opener {
        InputStream open() throws IOException;
    }

    /// Reads the first `limit` bytes.
    Document read(long limit) throws IOException {
        try (var input = opener.open()) {
            return new Document(name, input.readNBytes((int) Math.min(limit, Integer.MAX_VALUE - 16L)));
        }
    }
}
