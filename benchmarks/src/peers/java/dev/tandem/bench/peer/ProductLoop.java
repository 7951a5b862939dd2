package dev.tandem.bench.peer;

import java.util.List;

/// The products of a question by a library, one after the other.
final class ProductLoop implements Contestant {
    private final ProductLibrary library;
    private final ProductOperands operands;
    private final List<List<Runnable>> calls;
    private int next;

    ProductLoop(ProductLibrary library, ProductQuestion question) {
        this.library = library;
        this.operands = new ProductOperands(question);
        this.calls = operands.calls().stream()
                .map(call -> call.stream().map(library::product).toList())
                .toList();
    }

    @Override
    public String version() {
        return library.version();
    }

    @Override
    public double warmUpSeconds() {
        return library.warmUpSeconds();
    }

    @Override
    public void run() {
        for (Runnable product : calls.get(next++ % calls.size())) {
            product.run();
        }
    }

    @Override
    public List<Answer> answers() {
        run();
        return operands.answers();
    }

    @Override
    public void close() {
        operands.close();
    }
}
