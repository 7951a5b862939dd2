package dev.tandem.bench.peer;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A contestant in a process of its own: libraries that bring the same runtime of threads in two
/// versions cannot live in one, and one that crashes ends itself only.
final class ContestantProcess implements AutoCloseable {
    private static final long END_SECONDS = 10;
    private static final int STILL_RUNNING = -1;

    private final String library;
    private final Process process;
    private final BufferedWriter commands;
    private final BufferedReader replies;
    private final Path log;

    /// It gave no answer, and why.
    static final class Lost extends Exception {
        private static final long serialVersionUID = 1;

        private final String reason;

        Lost(String reason) {
            super(reason);
            this.reason = reason;
        }

        String reason() {
            return reason;
        }
    }

    private ContestantProcess(String library, Process process, Path log) {
        this.library = library;
        this.process = process;
        this.log = log;
        this.commands = process.outputWriter(StandardCharsets.UTF_8);
        this.replies = process.inputReader(StandardCharsets.UTF_8);
    }

    /// Starts it; [#version] waits until it is ready.
    static ContestantProcess start(Question question, Entrant entrant, Setting setting, Path folder)
            throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.add("-XX:-ShrinkHeapInSteps"); // a single collection gives back what operands needed on their way
        command.addAll(entrant.flags());
        command.add(ContestantMain.class.getName());
        command.addAll(
                List.of(question.title(), entrant.library(), setting.backend(), String.valueOf(setting.threads())));
        Path log = Files.createTempFile(folder, "contestant", ".log");
        var builder = new ProcessBuilder(command).redirectError(log.toFile());
        prepare(builder.environment(), setting.threads());
        // Not by -cp: ONNX Runtime ends with a segmentation fault where the command line is longer than some 4 KiB
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        builder.environment().putAll(entrant.environment());
        return new ContestantProcess(entrant.library(), builder.start(), log);
    }

    /// Threads, for every runtime that asks the environment; and no kernels chosen for another
    /// version of OpenBLAS.
    private static void prepare(Map<String, String> environment, int threads) {
        for (String name : List.of("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")) {
            environment.put(name, String.valueOf(threads));
        }
        environment.put("MKL_DYNAMIC", "FALSE");
        environment.keySet().removeAll(List.of("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"));
    }

    String library() {
        return library;
    }

    /// Waits until the library is loaded.
    String version() throws Lost {
        return reply(ContestantMain.READY);
    }

    /// Computes once and leaves the results in a file.
    void answer(Path file) throws Lost {
        order(ContestantMain.ANSWER + file);
    }

    /// Seconds of a call when it is warm.
    double warmUp() throws Lost {
        return order(ContestantMain.WARM);
    }

    /// Seconds of a call in one turn.
    double turn() throws Lost {
        return order(ContestantMain.TURN);
    }

    /// Processor time that it has used.
    double processorSeconds() {
        return process.info()
                .totalCpuDuration()
                .map(used -> used.toNanos() * 1e-9)
                .orElse(0.0);
    }

    private double order(String command) throws Lost {
        try {
            commands.write(command);
            commands.newLine();
            commands.flush();
        } catch (IOException e) {
            throw new Lost(ended());
        }
        return Double.parseDouble(reply(ContestantMain.DONE));
    }

    private String reply(String wanted) throws Lost {
        try {
            for (String line = replies.readLine(); line != null; line = replies.readLine()) {
                if (line.startsWith(ContestantMain.MARK + wanted)) {
                    return line.substring(ContestantMain.MARK.length() + wanted.length());
                }
                if (line.startsWith(ContestantMain.MARK + ContestantMain.FAILED)) {
                    throw new Lost(line.substring(ContestantMain.MARK.length() + ContestantMain.FAILED.length()));
                }
            }
        } catch (IOException e) {
            throw new Lost(String.valueOf(e.getMessage()));
        }
        throw new Lost(ended());
    }

    /// Why it ended without a word: its last line of errors.
    private String ended() {
        int code = STILL_RUNNING;
        try {
            if (process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                code = process.exitValue();
            }
            List<String> lines = Files.readAllLines(log);
            String last = lines.isEmpty() ? "it said nothing" : lines.getLast();
            return "its process ended with code %d: %s".formatted(code, last);
        } catch (IOException e) {
            return "its process ended with code " + code;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a contestant ended", e);
        }
    }

    @Override
    public void close() {
        try {
            commands.close(); // the end of its input ends it
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
