package dev.tandem.lab.report;

import java.util.ArrayList;
import java.util.List;

/// A table of text whose first column is left- and whose other columns are right-aligned. It reads
/// well both in a terminal and as Markdown.
public final class Table {
    private final List<List<String>> rows = new ArrayList<>();

    /// Begins with the headings.
    public Table(String... headings) {
        rows.add(List.of(headings));
    }

    /// Adds a row.
    ///
    /// @throws IllegalArgumentException if it has another number of cells than the headings
    public Table row(String... cells) {
        if (cells.length != rows.getFirst().size()) {
            throw new IllegalArgumentException("a row needs " + rows.getFirst().size() + " cells, was " + cells.length);
        }
        rows.add(List.of(cells));
        return this;
    }

    /// GitHub Markdown with aligned columns.
    public String markdown() {
        int[] widths = widths();
        var text = new StringBuilder();
        for (int r = 0; r < rows.size(); r++) {
            text.append('|');
            for (int c = 0; c < widths.length; c++) {
                text.append(' ')
                        .append(padded(rows.get(r).get(c), widths[c], c))
                        .append(" |");
            }
            text.append('\n');
            if (r == 0) {
                text.append('|');
                for (int c = 0; c < widths.length; c++) {
                    text.append('-').append("-".repeat(widths[c])).append(c == 0 ? "-|" : ":|");
                }
                text.append('\n');
            }
        }
        return text.toString();
    }

    /// Columns apart by blanks and a rule under the headings.
    public String plain() {
        int[] widths = widths();
        var text = new StringBuilder();
        for (int r = 0; r < rows.size(); r++) {
            var line = new StringBuilder();
            for (int c = 0; c < widths.length; c++) {
                line.append(c == 0 ? "" : "   ").append(padded(rows.get(r).get(c), widths[c], c));
            }
            text.append(line.toString().stripTrailing()).append('\n');
            if (r == 0) {
                text.append("-".repeat(line.length())).append('\n');
            }
        }
        return text.toString();
    }

    private int[] widths() {
        int[] widths = new int[rows.getFirst().size()];
        for (var row : rows) {
            for (int c = 0; c < widths.length; c++) {
                widths[c] = Math.max(
                        widths[c], row.get(c).codePointCount(0, row.get(c).length()));
            }
        }
        return widths;
    }

    private static String padded(String cell, int width, int column) {
        String blanks = " ".repeat(width - cell.codePointCount(0, cell.length()));
        return column == 0 ? cell + blanks : blanks + cell;
    }
}
