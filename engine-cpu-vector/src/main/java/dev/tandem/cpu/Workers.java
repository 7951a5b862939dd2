package dev.tandem.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The threads of one backend: numbered tasks, each meant for one worker, and taken by another that has none left.
///
/// Task `i` is meant for worker `i % threads`: who computes the same again, such as a product with the same weights,
/// finds them in its own cache. The caller is worker 0 and works too. What a task computes must depend on its number
/// only, never on the worker that runs it, so results are the same for any number of threads. Nothing is allocated per
/// run.
/// Idle helpers spin briefly, because the next run usually follows at once, then park: a parked thread
/// starts half a millisecond late.
final class Workers implements AutoCloseable {
    /// One piece of a kernel.
    @FunctionalInterface
    interface Task {
        /// @param worker in `0..threads-1`; no two run at once with the same number
        void run(int task, int worker);
    }

    // Longer than what one thread does alone between two kernels, such as a gate's queue.
    private static final long SPIN_NANOS = 1_000_000;
    // Where threads share processors, whoever spins keeps another from working.
    private static final long SPIN_NANOS_IF_SHARED = 50_000;
    private static final int SPINS_PER_CLOCK_READ = 64;
    private static final int CACHE_LINE = 64 / Long.BYTES;
    private static final Task NOTHING = (_, _) -> {};

    private final long spinNanos;
    private final Thread[] helpers;
    private final Workspace[] workspaces;

    // Of each worker, a cache line apart: run number in the high half, tasks not yet taken in the low one. A taken
    // task keeps its run alive, so a helper that took one may trust `task` and `tasks`; one that comes too late takes
    // none.
    private final AtomicLongArray tickets;
    private final AtomicInteger finished = new AtomicInteger();
    private final AtomicReference<@Nullable Thread> waiting = new AtomicReference<>();
    private final AtomicReferenceArray<@Nullable Thread> parked;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final AtomicReference<@Nullable Thread> owner = new AtomicReference<>();
    private volatile Task task = NOTHING;
    private volatile int tasks;
    private volatile int runs;
    private volatile boolean closed;

    Workers(int threads, boolean hugePages) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1, was " + threads);
        }
        spinNanos = threads <= Runtime.getRuntime().availableProcessors() ? SPIN_NANOS : SPIN_NANOS_IF_SHARED;
        workspaces = new Workspace[threads];
        for (int worker = 0; worker < threads; worker++) {
            workspaces[worker] = new Workspace(hugePages);
        }
        tickets = new AtomicLongArray(threads * CACHE_LINE);
        parked = new AtomicReferenceArray<>(threads);
        helpers = new Thread[threads - 1];
        for (int helper = 0; helper < helpers.length; helper++) {
            int worker = helper + 1;
            helpers[helper] =
                    Thread.ofPlatform().daemon().name("tandem-cpu-" + worker).start(() -> help(worker));
        }
    }

    /// Threads that work, the caller included.
    int threads() {
        return workspaces.length;
    }

    /// Scratch memory of one worker.
    Workspace workspace(int worker) {
        return workspaces[worker];
    }

    /// Runs tasks `0..tasks-1` and returns when all have finished; earlier numbers start earlier.
    ///
    /// The first exception of a task is thrown here once the others have finished.
    ///
    /// @throws IllegalStateException from within a task, from a second thread, or after `close`
    void run(int tasks, Task task) {
        if (closed) {
            throw new IllegalStateException("the backend is closed");
        }
        if (!owner.compareAndSet(null, Thread.currentThread())) {
            throw new IllegalStateException("a backend has one queue: it runs one kernel at a time, "
                    + "and a task of a kernel must not start another one");
        }
        try {
            if (tasks == 1 || helpers.length == 0) {
                for (int i = 0; i < tasks; i++) {
                    task.run(i, 0);
                }
            } else if (tasks > 1) {
                runShared(tasks, task);
            }
        } finally {
            owner.set(null);
        }
    }

    private void runShared(int tasks, Task task) {
        this.task = task;
        this.tasks = tasks;
        finished.set(0);
        failure.set(null);
        int run = runs + 1;
        for (int worker = 0; worker < threads(); worker++) {
            tickets.set(worker * CACHE_LINE, (long) run << 32 | meantFor(worker, tasks));
        }
        runs = run; // written by one thread at a time: the owner
        wake(Math.min(helpers.length, tasks - 1));
        takeTasks(0);
        awaitOthers();
        this.task = NOTHING;
        Throwable thrown = failure.get();
        if (thrown instanceof Error error) {
            throw error;
        }
        if (thrown instanceof RuntimeException exception) {
            throw exception;
        }
    }

    private void wake(int wanted) {
        for (int worker = 1; worker <= wanted; worker++) {
            Thread helper = parked.getAndSet(worker, null);
            if (helper != null) {
                LockSupport.unpark(helper);
            }
        }
    }

    private int meantFor(int worker, int tasks) {
        return Math.ceilDiv(tasks - worker, threads());
    }

    /// The place of a task where those meant for worker 0 come first, then those for worker 1, and so on.
    int place(int task, int tasks) {
        int worker = task % threads();
        int before = worker * (tasks / threads()) + Math.min(worker, tasks % threads());
        return before + task / threads();
    }

    private void takeTasks(int worker) {
        for (int i = 0; i < threads(); i++) {
            takeTasks((worker + i) % threads(), worker);
        }
    }

    /// @param owner whom they are meant for
    private void takeTasks(int owner, int worker) {
        while (true) {
            long seen = tickets.get(owner * CACHE_LINE);
            int left = (int) seen;
            if (left == 0) {
                return;
            }
            if (tickets.compareAndSet(owner * CACHE_LINE, seen, seen - 1)) {
                int total = tasks;
                int taken = meantFor(owner, total) - left;
                runOne(task, owner + taken * threads(), worker);
                if (finished.incrementAndGet() == total) {
                    LockSupport.unpark(waiting.get());
                }
            }
        }
    }

    private void runOne(Task task, int number, int worker) {
        if (failure.get() != null) {
            return; // the run has failed: its other tasks are only counted
        }
        try {
            task.run(number, worker);
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
        }
    }

    private void awaitOthers() {
        long deadline = System.nanoTime() + spinNanos;
        for (int spins = 1; finished.get() != tasks; spins++) {
            Thread.onSpinWait();
            if (spins % SPINS_PER_CLOCK_READ == 0 && System.nanoTime() > deadline) {
                waiting.set(Thread.currentThread());
                while (finished.get() != tasks) {
                    LockSupport.park(this);
                }
                waiting.set(null);
                return;
            }
        }
    }

    private void help(int worker) {
        while (!closed) {
            int seen = runs;
            takeTasks(worker);
            if (spinForWork(seen)) {
                continue;
            }
            parked.set(worker, Thread.currentThread());
            // `closed` and new runs are published before `parked` is read by the waking thread
            if (!closed && runs == seen) {
                LockSupport.park(this);
            }
            parked.set(worker, null);
        }
    }

    private boolean spinForWork(int seen) {
        long deadline = System.nanoTime() + spinNanos;
        for (int spins = 1; !closed; spins++) {
            if (runs != seen) {
                return true;
            }
            Thread.onSpinWait();
            if (spins % SPINS_PER_CLOCK_READ == 0 && System.nanoTime() > deadline) {
                return false;
            }
        }
        return false;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (Thread helper : helpers) {
            LockSupport.unpark(helper);
        }
        joinHelpers();
        for (Workspace workspace : workspaces) {
            workspace.close();
        }
    }

    private void joinHelpers() {
        boolean interrupted = false;
        for (Thread helper : helpers) {
            while (helper.isAlive()) {
                try {
                    helper.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
