package dev.tandem.lab.cli;

import dev.tandem.lab.BadInputException;

/// Checks option values.
final class Ranges {
    private Ranges() {}

    static void require(String option, int value, int lowest, int highest) {
        if (value < lowest || value > highest) {
            throw new BadInputException(
                    option + " " + value,
                    "it must be a whole number from " + lowest + " to " + highest,
                    "Choose one in that range");
        }
    }

    static void require(String option, double value, double lowest, double highest) {
        if (!(value >= lowest && value <= highest)) {
            throw new BadInputException(
                    option + " " + value,
                    "it must be a number from " + lowest + " to " + highest,
                    "Choose one in that range");
        }
    }
}
