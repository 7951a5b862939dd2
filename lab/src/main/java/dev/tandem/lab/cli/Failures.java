package dev.tandem.lab.cli;

import dev.tandem.engine.BackendUnavailable;
import dev.tandem.engine.EngineException;
import dev.tandem.engine.OutOfDeviceMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// Turns failures into one paragraph and an exit code.
final class Failures {
    private Failures() {}

    /// A command line that cannot be understood.
    static int ofParameters(ParameterException failure, String[] args) {
        var command = failure.getCommandLine();
        var err = command.getErr();
        String name = command.getCommandSpec().qualifiedName();
        err.println(name + ": " + message(failure, command));
        if (!UnmatchedArgumentException.printSuggestions(failure, err)) {
            err.println("Try '" + name + " --help'.");
        }
        return ExitCode.BAD_INPUT;
    }

    private static String message(ParameterException failure, CommandLine command) {
        if (failure instanceof UnmatchedArgumentException unmatched && !unmatched.isUnknownOption()) {
            String what = "'" + unmatched.getUnmatched().getFirst() + "'";
            return command.getParent() == null
                    ? "there is no command " + what
                    : what + " is not understood; the command takes options only";
        }
        return String.valueOf(failure.getMessage());
    }

    /// A command that was understood and failed.
    static int of(Exception failure, CommandLine command, boolean debug) {
        var err = command.getErr();
        err.println(command.getCommandSpec().qualifiedName() + ": " + paragraph(failure));
        if (debug) {
            failure.printStackTrace(err);
        }
        return switch (failure) {
            case BackendUnavailable _ -> ExitCode.NO_BACKEND;
            case OutOfDeviceMemory _, IllegalArgumentException _ -> ExitCode.BAD_INPUT;
            default -> ExitCode.FAILED;
        };
    }

    private static String paragraph(Exception failure) {
        String message = failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
        return switch (failure) {
            case IllegalArgumentException _, EngineException _ -> message;
            case IOException _, UncheckedIOException _ ->
                "a file could not be read or written (%s: %s). Check the path, its permissions and the free space."
                        .formatted(failure.getClass().getSimpleName(), message);
            default ->
                "internal error (%s: %s). This is a fault of Tandem, not yours; run again with --debug and report the output."
                        .formatted(failure.getClass().getName(), message);
        };
    }
}
