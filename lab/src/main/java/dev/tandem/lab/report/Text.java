package dev.tandem.lab.report;

import java.util.Locale;

/// Numbers as people read them, the same in every locale.
public final class Text {
    private static final String[] PREFIXES = {"", "k", "M", "G", "T", "P", "E"};

    private Text() {}

    /// Three significant digits with a decimal prefix: `4.61 T`, `983 k`.
    public static String scaled(double value) {
        double rest = Math.abs(value);
        int prefix = 0;
        while (rest >= 999.5 && prefix < PREFIXES.length - 1) {
            rest /= 1000;
            prefix++;
        }
        int digits = rest >= 99.95 || (prefix == 0 && rest == Math.rint(rest)) ? 0 : rest >= 9.995 ? 1 : 2;
        return "%s%s%s".formatted(value < 0 ? "-" : "", fixed(rest, digits), prefix == 0 ? "" : " " + PREFIXES[prefix]);
    }

    /// As the other one, with a unit: `4.61 TB`, `631 B`.
    public static String scaled(double value, String unit) {
        String number = scaled(value);
        return number + (number.contains(" ") ? "" : " ") + unit;
    }

    /// A fixed number of decimals.
    public static String fixed(double value, int decimals) {
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    /// Scientific with three significant digits: `4.61e12`.
    public static String scientific(double value) {
        return String.format(Locale.ROOT, "%.2e", value).replace("e+", "e").replace("e0", "e");
    }

    /// Grouped by commas: `1,311,543,296`.
    public static String grouped(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /// A share in per cent.
    public static String percent(double share) {
        return fixed(100 * share, Math.abs(share) < 0.0995 ? 1 : 0) + " %";
    }

    /// `7 s`, `1 min 05 s`, `2 h 03 min`.
    public static String duration(double seconds) {
        long whole = Math.max(0, Math.round(seconds));
        if (whole < 60) {
            return whole + " s";
        }
        return whole < 3600
                ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole / 60 % 60);
    }

    /// In one unit, at least two digits of it where there are: `72 s`, `12 min`, `31 h`.
    public static String coarseDuration(double seconds) {
        long whole = Math.max(0, Math.round(seconds));
        if (whole < 100) {
            return whole + " s";
        }
        return whole < 6000 ? (whole + 30) / 60 + " min" : (whole + 1800) / 3600 + " h";
    }
}
