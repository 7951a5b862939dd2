package dev.tandem.cuda;

import java.lang.foreign.MemorySegment;
import org.bytedeco.cuda.cudart.CUDA_KERNEL_NODE_PARAMS_v2;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraphNode_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;

/// Graphs of the driver: each kernel depends on the one before. Updating and launching allocate nothing.
final class DriverGraphs implements Accelerator.Graphs {
    private final CudaDriver driver;
    private final DriverCalls calls;
    private final CUstream_st stream;
    // what the driver reads of one kernel
    private final CUDA_KERNEL_NODE_PARAMS_v2 parameters = new CUDA_KERNEL_NODE_PARAMS_v2();
    private final CUgraphNode_st none = new CUgraphNode_st();

    DriverGraphs(CudaDriver driver, DriverCalls calls, CUstream_st stream) {
        this.driver = driver;
        this.calls = calls;
        this.stream = stream;
        // what `describe` leaves alone – the other kind of kernel, the context – must be absent
        Pointer.memset(parameters, 0, parameters.sizeof());
    }

    /// All graphs have been freed.
    void close() {
        parameters.close();
    }

    @Override
    public Accelerator.Graph of(Launches launches) {
        driver.enter("cuGraphCreate");
        var graph = new DriverGraph(launches);
        try {
            graph.build(launches);
        } catch (RuntimeException e) {
            graph.free();
            throw e;
        }
        return graph;
    }

    private final class DriverGraph implements Accelerator.Graph {
        private final String name;
        private final DriverKernels.DriverEntry[] entries;
        // the driver names nodes of the runnable graph by those of the one that it was made from
        private final CUgraphNode_st[] nodes;
        private final CUgraph_st graph = new CUgraph_st();
        private final CUgraphExec_st runnable = new CUgraphExec_st();

        DriverGraph(Launches launches) {
            entries = new DriverKernels.DriverEntry[launches.count()];
            nodes = new CUgraphNode_st[launches.count()];
            for (int i = 0; i < entries.length; i++) {
                entries[i] = (DriverKernels.DriverEntry) launches.entry(i);
                nodes[i] = new CUgraphNode_st();
            }
            name = "a graph of %d kernels from %s to %s"
                    .formatted(entries.length, entries[0].kernel(), entries[entries.length - 1].kernel());
        }

        void build(Launches launches) {
            calls.check("cuGraphCreate", cudart.cuGraphCreate(graph, 0), name);
            for (int i = 0; i < nodes.length; i++) {
                entries[i].describe(parameters, launches.grid(i), launches.arguments(i));
                int code = i == 0
                        ? cudart.cuGraphAddKernelNode(nodes[i], graph, none, 0, parameters)
                        : cudart.cuGraphAddKernelNode(nodes[i], graph, nodes[i - 1], 1, parameters);
                calls.check("cuGraphAddKernelNode", code, entries[i].kernel());
            }
            calls.check("cuGraphInstantiate", cudart.cuGraphInstantiate(runnable, graph, 0), name);
            calls.check("cuGraphUpload", cudart.cuGraphUpload(runnable, stream), name);
        }

        @Override
        public void update(int node, Grid grid, MemorySegment arguments) {
            entries[node].describe(parameters, grid, arguments);
            int code = cudart.cuGraphExecKernelNodeSetParams(runnable, nodes[node], parameters);
            calls.check("cuGraphExecKernelNodeSetParams", code, entries[node].kernel());
        }

        @Override
        public void launch() {
            driver.enter(name);
            calls.check("cuGraphLaunch", cudart.cuGraphLaunch(runnable, stream), name);
            calls.enqueued(name);
        }

        /// Nothing is checked: on a dead device every call fails, and its context takes the graph along.
        @Override
        public void free() {
            if (!runnable.isNull()) {
                cudart.cuGraphExecDestroy(runnable);
            }
            if (!graph.isNull()) {
                cudart.cuGraphDestroy(graph);
            }
        }
    }
}
