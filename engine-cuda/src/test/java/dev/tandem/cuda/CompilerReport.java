package dev.tandem.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What the assembler says of a kernel under `--ptxas-options=-v`.
///
/// @param kernel its name
/// @param stackBytes local memory of a thread
/// @param spilledBytes stored and loaded because registers ran out
/// @param registers of a thread
/// @param sharedBytes static shared memory of a block
record CompilerReport(String kernel, int stackBytes, int spilledBytes, int registers, int sharedBytes) {
    private static final Pattern PROPERTIES = Pattern.compile(
            "Compiling entry function '(\\w+)' for [^\\n]*\\n"
                    + ".*?(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill loads\\n"
                    + ".*?Used (\\d+) registers([^\\n]*)",
            Pattern.DOTALL);
    private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

    static List<CompilerReport> of(String log) {
        List<CompilerReport> reports = new ArrayList<>();
        Matcher found = PROPERTIES.matcher(log);
        while (found.find()) {
            Matcher shared = SHARED.matcher(found.group(6));
            reports.add(new CompilerReport(
                    found.group(1),
                    Integer.parseInt(found.group(2)),
                    Integer.parseInt(found.group(3)) + Integer.parseInt(found.group(4)),
                    Integer.parseInt(found.group(5)),
                    shared.find() ? Integer.parseInt(shared.group(1)) : 0));
        }
        return reports;
    }
}
