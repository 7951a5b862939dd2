package dev.tandem.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// A list of launches, which knows nothing but what it was told.
final class ShimGraph implements Accelerator.Graph {
    private final Arena arena = Arena.ofShared();
    private final List<Node> nodes = new ArrayList<>();

    private record Node(Accelerator.Entry entry, Grid grid, MemorySegment arguments) {}

    ShimGraph(Launches launches) {
        for (int i = 0; i < launches.count(); i++) {
            nodes.add(new Node(launches.entry(i), launches.grid(i), copy(launches.arguments(i))));
        }
    }

    private MemorySegment copy(MemorySegment arguments) {
        return arena.allocate(arguments.byteSize(), Long.BYTES).copyFrom(arguments);
    }

    @Override
    public void update(int node, Grid grid, MemorySegment arguments) {
        nodes.set(node, new Node(nodes.get(node).entry, grid, copy(arguments)));
    }

    @Override
    public void launch() {
        nodes.forEach(node -> node.entry.launch(node.grid, node.arguments));
    }

    @Override
    public void free() {
        arena.close();
    }
}
