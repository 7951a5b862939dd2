package dev.tandem.lab.gpu;

/// What a measurement should come to.
///
/// @param name short
/// @param value what it came to; NaN where it was not measured
/// @param more whether more is better
/// @param gate without which nothing is shipped
/// @param target what is worked for
/// @param moonshot what nobody has
record Goal(String name, double value, boolean more, double gate, double target, double moonshot) {
    /// More is better.
    static Goal share(String name, double value, double gate, double target, double moonshot) {
        return new Goal(name, value, true, gate, target, moonshot);
    }

    /// Less is better.
    static Goal most(String name, double value, double gate, double target, double moonshot) {
        return new Goal(name, value, false, gate, target, moonshot);
    }

    /// The highest level reached, in a word.
    String verdict() {
        if (Double.isNaN(value)) {
            return "not measured";
        }
        if (reaches(moonshot)) {
            return "moonshot";
        }
        if (reaches(target)) {
            return "target";
        }
        return reaches(gate) ? "gate" : "missed";
    }

    private boolean reaches(double level) {
        return more ? value >= level : value <= level;
    }
}
