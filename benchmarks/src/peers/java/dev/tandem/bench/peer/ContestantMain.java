package dev.tandem.bench.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// The process of one contestant, told by lines what to do: `answer FILE`, `warm`, `turn`. It
/// answers each by a line that begins with a mark, because libraries print what they like.
final class ContestantMain {
    static final String MARK = "tandem-peer ";
    static final String READY = "ready ";
    static final String FAILED = "failed ";
    static final String DONE = "done ";
    static final String ANSWER = "answer ";
    static final String WARM = "warm";
    static final String TURN = "turn";

    private final Contestant contestant;
    private final Turns turns;

    private ContestantMain(Contestant contestant) {
        this.contestant = contestant;
        this.turns = new Turns(contestant);
    }

    /// @param args title of the question, library, backend and threads
    public static void main(String[] args) throws IOException {
        try (var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                Contestant contestant = open(args)) {
            System.gc(); // copies of operands leave the heap, and others have their memory
            say(READY + contestant.version());
            new ContestantMain(contestant).obey(in);
        } catch (LinkageError | RuntimeException e) {
            e.printStackTrace();
            say(FAILED + reason(e));
        }
        System.exit(0); // threads of a library may be left
    }

    private static Contestant open(String[] args) {
        return Questions.entrant(args[0], args[1]).opening().open(new Setting(args[2], Integer.parseInt(args[3])));
    }

    private void obey(BufferedReader in) throws IOException {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.startsWith(ANSWER)) {
                Answer.write(Path.of(line.substring(ANSWER.length())), contestant.answers());
                say(DONE + 0);
            } else {
                say(DONE + (line.equals(WARM) ? turns.warmUp() : turns.take()));
            }
        }
    }

    private static void say(String line) {
        PrintStream out = System.out;
        out.println(MARK + line);
        out.flush();
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        return message == null || message.isBlank()
                ? cause.toString()
                : message.lines().findFirst().orElseThrow();
    }
}
