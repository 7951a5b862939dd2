package dev.tandem.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// What a release keeps of a compiled source, an ELF file of 64 bits.
final class CubinImage {
    /// The text of the intermediate code, for debuggers: more than half of a file.
    private static final String INTERMEDIATE = ".nv_debug_ptx_txt";

    private static final int SECTIONS = 40;
    private static final int SECTION_BYTES = 58;
    private static final int SECTION_COUNT = 60;
    private static final int NAMES = 62;
    private static final int OFFSET = 24;
    private static final int SIZE = 32;

    private CubinImage() {}

    /// The same with zeros in place of the intermediate code, which a jar stores in next to no bytes. Every
    /// section stays where it is; lines of the source can still be told from addresses.
    static byte[] withoutIntermediateCode(byte[] cubin) {
        byte[] image = cubin.clone();
        ByteBuffer elf = ByteBuffer.wrap(cubin).order(ByteOrder.LITTLE_ENDIAN);
        int names = section(elf, elf.getShort(NAMES));
        for (int i = 0; i < elf.getShort(SECTION_COUNT); i++) {
            int section = section(elf, i);
            if (name(elf, at(elf, names + OFFSET) + elf.getInt(section)).equals(INTERMEDIATE)) {
                int first = at(elf, section + OFFSET);
                Arrays.fill(image, first, first + at(elf, section + SIZE), (byte) 0);
            }
        }
        return image;
    }

    private static int section(ByteBuffer elf, int index) {
        return at(elf, SECTIONS) + index * elf.getShort(SECTION_BYTES);
    }

    private static int at(ByteBuffer elf, int place) {
        return Math.toIntExact(elf.getLong(place));
    }

    private static String name(ByteBuffer elf, int first) {
        int end = first;
        while (elf.get(end) != 0) {
            end++;
        }
        byte[] letters = new byte[end - first];
        elf.get(first, letters);
        return new String(letters, StandardCharsets.US_ASCII);
    }
}
