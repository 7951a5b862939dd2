package dev.tandem.bench.peer;

import dev.tandem.bench.Load;
import dev.tandem.bench.Peers;
import dev.tandem.bench.step.Model;
import dev.tandem.engine.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Everything that is asked.
final class Questions {
    private static final List<Question> ALL = all();

    private Questions() {}

    private static List<Question> all() {
        var questions = new ArrayList<Question>();
        questions.add(Product.hot(2048, 2048, 2048));
        questions.add(Product.hot(1024, 768, 3072));
        questions.add(Product.hot(1024, 3072, 768));
        questions.add(Product.hot(256, 768, 3072));
        questions.add(Product.hot(256, 3072, 768));
        questions.add(Product.hot(64, 768, 3072));
        questions.add(Product.cold(64, 768, 3072));
        questions.add(Product.hot(16, 2048, 512));
        questions.add(Product.cold(16, 2048, 512));
        questions.add(Product.hot(8, 768, 3072));
        questions.add(Product.cold(8, 768, 3072));
        questions.add(Product.hot(4, 768, 3072));
        questions.add(Product.cold(4, 768, 3072));
        questions.add(Product.cold(2, 768, 3072));
        questions.add(Product.cold(1, 768, 3072));
        for (Load load : new Load[] {Load.ZIPF, Load.EVEN}) {
            questions.add(new ExpertProduct(2048, 512, 2048, 32, load));
        }
        for (int N : new int[] {2048, 256, 16, 1}) {
            questions.add(MoeQuestion.forward(N, 16));
        }
        questions.add(MoeQuestion.forward(2048, 16).with(Load.ZIPF));
        questions.add(MoeQuestion.forward(2048, 32).with(Load.ZIPF));
        questions.add(MoeQuestion.forward(2048, 64));
        questions.add(MoeQuestion.forward(2048, 512));
        questions.add(MoeQuestion.backward(2048, 16));
        questions.add(MoeQuestion.backward(256, 16));
        questions.add(MoeQuestion.backward(2048, 64));
        for (boolean backward : new boolean[] {false, true}) {
            questions.add(new LayerQuestion.Attention(1, 1024, 768, 12, backward));
            questions.add(new LayerQuestion.Attention(8, 256, 384, 6, backward));
            questions.add(new LayerQuestion.LayerNorm(8192, 768, backward));
        }
        questions.add(new LayerQuestion.CrossEntropy(1024, 50264));
        questions.add(new TrainingQuestion(Model.MIDDLE_DENSE));
        for (Model model : new Model[] {Model.GPT2, Model.GPT2_MOE}) {
            questions.add(new DecodeQuestion(model, true, ElementType.F32));
            questions.add(new DecodeQuestion(model, false, ElementType.F32));
        }
        questions.add(new DecodeQuestion(Model.GPT2, false, ElementType.BF16));
        return List.copyOf(questions);
    }

    /// Those whose titles contain a text; of each name the first only, if asked for quickly.
    static List<Question> chosen(Peers.Request request) {
        var chosen = new ArrayList<Question>();
        for (Question question : ALL) {
            boolean known = chosen.stream().anyMatch(other -> other.name().equals(question.name()));
            if (request.names(question.title()) && !(request.quick() && known)) {
                chosen.add(question);
            }
        }
        return chosen;
    }

    /// One who may answer one question, be it Tandem on one thread.
    static Entrant entrant(String title, String library) {
        return ALL.stream()
                .filter(question -> question.title().equals(title))
                .map(Question::entrants)
                .flatMap(all -> Stream.concat(all.stream(), Stream.of(all.getFirst().alone())))
                .filter(entrant -> entrant.library().equals(library))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "%s is not asked '%s': use the names of a report".formatted(library, title)));
    }
}
