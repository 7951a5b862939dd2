package dev.tandem.lab.data;

import java.util.zip.CRC32C;

/// One document: a file, a zip entry or a part of a text file, as bytes of UTF-8.
///
/// Arrays are shared, not copied: documents are read once and never written.
///
/// @param name unique within its corpus, with `/` between folders on every system
/// @param text the content, not copied
@SuppressWarnings("ArrayRecordComponent") // tens of megabytes of text are not copied; no one compares documents
public record Document(String name, byte[] text) {
    /// Bytes looked at when telling text from binary data.
    private static final int PROBE = 8192;

    /// A number that depends on the name and the salt alone, spread evenly over 64 bits. It decides
    /// what a document is for, so that adding other documents moves none.
    static long hash(String name, long salt) {
        long hash = 0xcbf29ce484222325L ^ salt;
        for (int i = 0; i < name.length(); i++) {
            hash = (hash ^ name.charAt(i)) * 0x100000001b3L;
        }
        hash = (hash ^ (hash >>> 30)) * 0xbf58476d1ce4e5b9L;
        hash = (hash ^ (hash >>> 27)) * 0x94d049bb133111ebL;
        return hash ^ (hash >>> 31);
    }

    /// Whether the bytes look like anything but UTF-8 or single-byte text: a zero byte, or more
    /// than 1 % control characters, within the first 8 KiB.
    static boolean isBinary(byte[] text) {
        int probe = Math.min(text.length, PROBE);
        int controls = 0;
        for (int i = 0; i < probe; i++) {
            int b = Byte.toUnsignedInt(text[i]);
            if (b == 0) {
                return true;
            }
            if (b < 32 && (b < '\b' || b > '\r') && b != 27) {
                controls++;
            }
        }
        return controls * 100L > probe;
    }

    /// Checksum of the content, to find copies of the same file.
    long fingerprint() {
        var crc = new CRC32C();
        crc.update(text, 0, text.length);
        return (long) text.length << 32 | crc.getValue();
    }
}
