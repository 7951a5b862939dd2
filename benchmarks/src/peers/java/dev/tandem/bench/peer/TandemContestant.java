package dev.tandem.bench.peer;

import dev.tandem.bench.Room;
import dev.tandem.engine.Backend;
import dev.tandem.engine.BackendOptions;
import dev.tandem.engine.Backends;
import dev.tandem.engine.Kernels;
import dev.tandem.engine.Role;
import dev.tandem.engine.Tensor;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/// A calculation by Tandem: an open backend, and room for operands.
abstract class TandemContestant implements Contestant {
    /// Of what the virtual machine compiles: behind a shorter warm-up, a process of attention once stayed at a third of
    /// its speed.
    static final double JAVA_WARM_UP_SECONDS = 5;

    // Held, because a logger nobody holds forgets its level.
    private final Logger engine = Logger.getLogger("dev.tandem.engine");
    private final Setting setting;
    private final Backend backend;
    private final Room room;

    TandemContestant(Setting setting) {
        engine.setLevel(Level.WARNING);
        this.setting = setting;
        this.backend = Backends.open(setting.backend(), new BackendOptions(setting.threads()));
        this.room = new Room(backend);
    }

    /// Enqueues the calculation.
    protected abstract void compute();

    /// What the first calculation made. May compute again.
    protected abstract List<Answer> results();

    protected final Backend backend() {
        return backend;
    }

    protected final Kernels kernels() {
        return backend.kernels();
    }

    protected final Room room() {
        return room;
    }

    /// A tensor of given values.
    protected final Tensor tensor(String name, Role role, float[] values, int... extents) {
        Tensor tensor = room.region().floats(name, role, extents);
        backend.upload(tensor, values);
        return tensor;
    }

    protected final Answer answer(String name, Tensor tensor) {
        return new Answer(name, backend.floats(tensor));
    }

    @Override
    public final double warmUpSeconds() {
        return JAVA_WARM_UP_SECONDS;
    }

    @Override
    public final String version() {
        return setting.backend();
    }

    @Override
    public final void run() {
        compute();
        backend.synchronize();
    }

    @Override
    public final List<Answer> answers() {
        begin();
        run();
        return results();
    }

    @Override
    public void close() {
        room.close();
        backend.close();
    }
}
