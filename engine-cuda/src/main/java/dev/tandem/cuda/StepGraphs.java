package dev.tandem.cuda;

import java.util.ArrayList;
import java.util.List;

/// The graphs of one repeated step: launches what a step wants by the graph that already has these kernels,
/// after it has brought up to date the nodes whose grid or arguments differ. Only other kernels, or others
/// in order, need a new graph.
///
/// A step that does something else in between consists of several graphs. Those of steps that went
/// differently, as before a cache grew, are kept for the next time that it goes so.
final class StepGraphs {
    /// Graphs that are kept; beyond, the one that was not used for longest is freed, unless this step or the
    /// last one used it.
    static final int MOST = 16;

    private final Accelerator.Graphs graphs;
    // the one that was not used for longest is first, so a step like the last one finds each at once
    private final List<Known> known = new ArrayList<>();
    private long step;

    /// A graph, what it launches, and the step that launched it last.
    private static final class Known {
        final Accelerator.Graph graph;
        final Launches launches;
        long step;

        Known(Accelerator.Graph graph, Launches launches) {
            this.graph = graph;
            this.launches = launches;
        }

        void update(Launches wanted) {
            for (int i = 0; i < launches.count(); i++) {
                if (!launches.isAsIn(i, wanted)) {
                    graph.update(i, wanted.grid(i), wanted.arguments(i));
                    // behind the update: where that fails, the next step tries again
                    launches.take(i, wanted);
                }
            }
        }
    }

    StepGraphs(Accelerator.Graphs graphs) {
        this.graphs = graphs;
    }

    /// Begins a step.
    void begin() {
        step++;
    }

    /// Enqueues a part of the step; at least one kernel.
    void launch(Launches wanted) {
        Known found = known(wanted);
        found.step = step;
        known.remove(found);
        known.add(found);
        found.update(wanted);
        found.graph.launch();
    }

    private Known known(Launches wanted) {
        for (int i = 0; i < known.size(); i++) {
            Known candidate = known.get(i);
            // one that this step used would have to be changed there and back every time
            if (candidate.step != step && candidate.launches.areOfKernels(wanted)) {
                return candidate;
            }
        }
        if (known.size() >= MOST && known.getFirst().step < step - 1) {
            known.removeFirst().graph.free();
        }
        return new Known(graphs.of(wanted), wanted.copy());
    }

    void free() {
        known.forEach(each -> each.graph.free());
        known.clear();
    }
}
