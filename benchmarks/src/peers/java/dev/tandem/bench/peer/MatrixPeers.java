package dev.tandem.bench.peer;

import dev.tandem.bench.Peers;
import dev.tandem.bench.report.PeerResult;
import dev.tandem.bench.report.Samples;
import dev.tandem.engine.Backend;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.mkl.global.mkl_rt;
import org.bytedeco.openblas.global.openblas;

/// Dense products by OpenBLAS and MKL, weights warm in cache where they fit.
///
/// Contestants take turns in every round, so that a clock that falls or a neighbour that wakes
/// meets all of them.
public final class MatrixPeers implements Peers {
    private static final List<Product> QUESTIONS = List.of(
            new Product(2048, 2048, 2048),
            new Product(1024, 768, 3072),
            new Product(1024, 3072, 768),
            new Product(256, 768, 3072),
            new Product(64, 768, 3072),
            new Product(8, 768, 3072),
            new Product(1, 768, 3072));
    private static final int ROUNDS = 9;
    private static final long TURN_NANOS = 100_000_000;
    private static final long WARM_UP_NANOS = 600_000_000;
    private static final Duration UNTIL_PARKED = Duration.ofMillis(250); // OpenMP spins for 200 ms
    private static final double EPSILON = 0x1p-23;
    private static final double ROUNDINGS = 4;

    /// Called by `java.util.ServiceLoader`.
    public MatrixPeers() {}

    @Override
    public List<PeerResult> compare(Backend backend, int threads, boolean quick, Listener listener) {
        var libraries = new ArrayList<BlasLibrary>();
        add(libraries, "OpenBLAS", openblas.class, "libopenblas", "openblas_set_num_threads", listener);
        add(libraries, "MKL", mkl_rt.class, "libmkl_rt", "MKL_Set_Num_Threads", listener);
        libraries.forEach(library -> library.useThreads(threads));
        var results = new ArrayList<PeerResult>();
        for (Product product : quick ? QUESTIONS.subList(0, 1) : QUESTIONS) {
            for (PeerResult result : ask(backend, product, libraries)) {
                results.add(result);
                listener.answered(result);
            }
        }
        return results;
    }

    private static void add(
            List<BlasLibrary> libraries,
            String name,
            Class<?> bindings,
            String file,
            String setThreads,
            Listener listener) {
        try {
            libraries.add(BlasLibrary.load(name, bindings, file, setThreads));
        } catch (LinkageError e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            listener.absent(name, String.valueOf(cause.getMessage()));
        }
    }

    private static List<PeerResult> ask(Backend backend, Product product, List<BlasLibrary> libraries) {
        var all = new ArrayList<Contestant>();
        all.add(new Tandem(backend, product));
        libraries.forEach(library -> all.add(new Blas(library, product)));
        try {
            for (Contestant contestant : all) {
                turn(contestant, WARM_UP_NANOS);
                requireAgreement(product, contestant.result(), all.getFirst().result(), contestant.name());
            }
            var seconds = new double[all.size()][ROUNDS];
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < all.size(); i++) {
                    seconds[i][round] = turn(all.get(i), TURN_NANOS);
                }
            }
            var ours = new Samples(seconds[0]);
            var results = new ArrayList<PeerResult>();
            for (int i = 1; i < all.size(); i++) {
                results.add(new PeerResult(
                        product.name(), all.get(i).name(), product.flop(), new Samples(seconds[i]), ours));
            }
            return results;
        } finally {
            all.forEach(Contestant::close);
        }
    }

    /// Seconds of one call, of as many as fit, when the threads of the others have stopped to spin.
    private static double turn(Contestant contestant, long nanos) {
        try {
            Thread.sleep(UNTIL_PARKED);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted between two contestants", e);
        }
        contestant.multiply(); // wakes its own
        long begin = System.nanoTime();
        long now = begin;
        int calls = 0;
        while (now - begin < nanos) {
            contestant.multiply();
            calls++;
            now = System.nanoTime();
        }
        return (now - begin) * 1e-9 / calls;
    }

    private static void requireAgreement(Product product, float[] found, float[] wanted, String name) {
        double largest = 0;
        double worst = 0;
        for (int i = 0; i < wanted.length; i++) {
            largest = Math.max(largest, Math.abs(wanted[i]));
            worst = Math.max(worst, Math.abs((double) found[i] - wanted[i]));
        }
        double allowed = ROUNDINGS * EPSILON * Math.sqrt(product.in()) * largest;
        if (!(worst <= allowed)) {
            throw new IllegalStateException("%s and Tandem disagree on %s by %s, %s is allowed"
                    .formatted(name, product.name(), worst, allowed));
        }
    }
}
