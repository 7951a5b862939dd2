"""What PyTorch reaches on this GPU: layers of experts, dense layers of equal FLOPs, and the ceilings.

    python3 gpu_peers.py RESULTS.json SECONDS

Writes the file anew after every measurement. After SECONDS the one at hand is given up and no other begun. Ends with
status 77 where there is no PyTorch with CUDA. Weights and activations are BF16, the GELU is the exact one, routing is top-2 of a
softmax over random logits; nothing is dropped but by the padded layer.
"""

import json
import signal
import statistics
import sys
import traceback

SKIPPED = 77
WARM_UPS = 10
RUNS = 50
MOST_MILLISECONDS = 4000.0
FLUSHED_BYTES = 256 << 20
K = 2
SHAPE_A = {"name": "A", "N": 16384, "C": 1024, "F": 4096, "E": 64}
SHAPE_B = {"name": "B", "N": 65536, "C": 768, "F": 3072, "E": 512}
DECODE = [
    {"name": "decode 64", "N": 64, "C": 1024, "F": 4096, "E": 64},
    {"name": "decode 1", "N": 1, "C": 1024, "F": 4096, "E": 64},
]

try:
    import torch
    import torch.nn.functional as functional
except Exception as failure:  # a broken installation raises more than ImportError
    print("PyTorch cannot be imported: %s" % failure)
    sys.exit(SKIPPED)


class OutOfTime(BaseException):
    """The seconds are over; no framework takes it for a failure of its own."""


class Results:
    """What is known so far, and where it is kept."""

    def __init__(self, path):
        self.path = path
        self.over = False
        self.measuring = False
        self.content = {
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "gpu": torch.cuda.get_device_name(0),
            "gemmFlops": None,
            "copyBytesPerSecond": None,
            "batchedGemmFlops": None,
            "measurements": [],
            "failures": {},
        }

    def keep(self):
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(self.content, file, indent=1)

    def attempt(self, name, measure):
        """Runs one measurement; a failure is noted and costs the others nothing."""
        try:
            self.measuring = True
            if not self.over:
                measure()
        except OutOfTime:
            print("no time was left for %s" % name, flush=True)
            self.content["failures"][name] = "no time was left"
        except Exception as failure:
            traceback.print_exc()
            self.content["failures"][name] = "%s: %s" % (type(failure).__name__, str(failure)[:500])
            torch.cuda.empty_cache()
        finally:
            self.measuring = False
        self.keep()

    def end(self, *_):
        """Called when the seconds are over."""
        self.over = True
        if self.measuring:
            raise OutOfTime()

    def layer(self, name, shape, direction, call, small):
        milliseconds = times(call, flush=small)
        flop = 4.0 * K * shape["N"] * shape["C"] * shape["F"] * (3 if direction == "forwardBackward" else 1)
        entry = {
            "name": name,
            "shape": shape["name"],
            "direction": direction,
            "flop": flop,
            "runs": len(milliseconds),
            "medianSeconds": statistics.median(milliseconds) * 1e-3,
            "p10Seconds": percentile(milliseconds, 0.1) * 1e-3,
            "p90Seconds": percentile(milliseconds, 0.9) * 1e-3,
        }
        self.content["measurements"].append(entry)
        print("%-26s %-10s %-16s %10.1f us" % (name, shape["name"], direction, entry["medianSeconds"] * 1e6), flush=True)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[round(share * (len(ordered) - 1))]


def times(call, flush=False):
    """Milliseconds of each run between two events, caches flushed before it if asked for."""
    for _ in range(WARM_UPS):
        call()
    torch.cuda.synchronize()
    cache = torch.empty(FLUSHED_BYTES, dtype=torch.uint8, device="cuda") if flush else None
    milliseconds = []
    while len(milliseconds) < RUNS and sum(milliseconds) < MOST_MILLISECONDS:
        if cache is not None:
            cache.zero_()
        begin = torch.cuda.Event(enable_timing=True)
        end = torch.cuda.Event(enable_timing=True)
        begin.record()
        call()
        end.record()
        end.synchronize()
        milliseconds.append(begin.elapsed_time(end))
    return milliseconds


class Experts:
    """Weights and operands of one shape."""

    def __init__(self, shape, training):
        generator = torch.Generator(device="cuda").manual_seed(7)

        def normal(deviation, *extents):
            values = torch.randn(*extents, generator=generator, device="cuda") * deviation
            return values.to(torch.bfloat16).requires_grad_(training)

        self.N, self.C, self.F, self.E = shape["N"], shape["C"], shape["F"], shape["E"]
        self.x = normal(1.0, self.N, self.C)
        self.gate = normal(self.C**-0.5, self.E, self.C)
        self.up = normal(self.C**-0.5, self.E, self.F, self.C)
        self.up_bias = normal(0.1, self.E, self.F)
        self.down = normal(self.F**-0.5, self.E, self.C, self.F)
        self.down_bias = normal(0.1, self.E, self.C)
        self.dy = normal(1.0, self.N, self.C).detach()

    def parameters(self):
        return [self.x, self.gate, self.up, self.up_bias, self.down, self.down_bias]

    def route(self):
        """Weights [N, K], experts of all choices in the order of their experts, and that order."""
        probabilities = torch.softmax(functional.linear(self.x, self.gate).float(), dim=-1)
        weight, expert = torch.topk(probabilities, K, dim=-1)
        weight = weight / weight.sum(dim=-1, keepdim=True)
        order = torch.argsort(expert.reshape(-1), stable=True)
        return weight.to(torch.bfloat16), expert.reshape(-1)[order], order

    def combine(self, rows, order, weight):
        """Rows back in the order of choices, and their weighted sum in a fixed order."""
        back = torch.empty_like(order)
        back[order] = torch.arange(order.numel(), device=order.device)
        return (rows[back].view(self.N, K, self.C) * weight.unsqueeze(-1)).sum(dim=1)

    def grouped(self):
        weight, expert, order = self.route()
        counts = torch.bincount(expert, minlength=self.E)
        ends = torch.cumsum(counts, dim=0).to(torch.int32)
        rows = self.x[order // K]
        hidden = torch._grouped_mm(rows, self.up.transpose(-2, -1), offs=ends) + self.up_bias[expert]
        hidden = functional.gelu(hidden)
        out = torch._grouped_mm(hidden, self.down.transpose(-2, -1), offs=ends) + self.down_bias[expert]
        return self.combine(out, order, weight)

    def padded(self):
        slots = 2 * -(-self.N // self.E) if self.N > self.E else self.N
        weight, expert, order = self.route()
        counts = torch.bincount(expert, minlength=self.E)
        starts = torch.cumsum(counts, dim=0) - counts
        slot = torch.arange(expert.numel(), device="cuda") - starts[expert]
        kept = slot < slots
        place = torch.where(kept, expert * slots + slot, self.E * slots)
        buffer = self.x.new_zeros(self.E * slots + 1, self.C).index_copy(0, place, self.x[order // K])
        rows = buffer[:-1].view(self.E, slots, self.C)
        hidden = torch.bmm(rows, self.up.transpose(-2, -1)) + self.up_bias.unsqueeze(1)
        hidden = functional.gelu(hidden)
        out = torch.bmm(hidden, self.down.transpose(-2, -1)) + self.down_bias.unsqueeze(1)
        flat = torch.cat([out.view(self.E * slots, self.C), out.new_zeros(1, self.C)])
        return self.combine(flat[place], order, weight)

    def loop(self):
        weight, expert, order = self.route()
        rows = self.x[order // K]
        parts = []
        begin = 0
        for e, count in enumerate(torch.bincount(expert, minlength=self.E).tolist()):
            if count:
                hidden = functional.gelu(functional.linear(rows[begin : begin + count], self.up[e], self.up_bias[e]))
                parts.append(functional.linear(hidden, self.down[e], self.down_bias[e]))
                begin += count
        return self.combine(torch.cat(parts), order, weight)


def both(experts, forward):
    """A forward pass and all gradients."""

    def call():
        for parameter in experts.parameters():
            parameter.grad = None
        forward().backward(experts.dy)

    return call


def ceilings(results):
    n = 8192
    a = torch.randn(n, n, device="cuda").to(torch.bfloat16)
    b = torch.randn(n, n, device="cuda").to(torch.bfloat16)
    results.content["gemmFlops"] = 2.0 * n**3 / (statistics.median(times(lambda: torch.matmul(a, b.T))) * 1e-3)
    source = torch.zeros(1 << 30, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    seconds = statistics.median(times(lambda: target.copy_(source))) * 1e-3
    results.content["copyBytesPerSecond"] = 2.0 * source.numel() / seconds


def batched(results):
    """The product of shape A's experts by cuBLAS, forward, every row full."""
    E, slots, C, F = SHAPE_A["E"], K * SHAPE_A["N"] // SHAPE_A["E"], SHAPE_A["C"], SHAPE_A["F"]
    rows = torch.randn(E, slots, C, device="cuda").to(torch.bfloat16)
    weights = torch.randn(E, F, C, device="cuda").to(torch.bfloat16)
    seconds = statistics.median(times(lambda: torch.bmm(rows, weights.transpose(-2, -1)))) * 1e-3
    results.content["batchedGemmFlops"] = 2.0 * E * slots * C * F / seconds


def dense(results, training):
    """Every row through one feed-forward layer: the FLOPs of the experts without any routing."""
    shape = dict(SHAPE_A, E=1)
    layer = Experts(shape, training)
    rows = torch.cat([layer.x, layer.x]).detach().requires_grad_(training)
    dy = torch.cat([layer.dy, layer.dy])

    def forward():
        hidden = functional.gelu(functional.linear(rows, layer.up[0], layer.up_bias[0]))
        return functional.linear(hidden, layer.down[0], layer.down_bias[0])

    def call():
        for parameter in layer.parameters() + [rows]:
            parameter.grad = None
        forward().backward(dy)

    if training:
        results.layer("dense, equal FLOPs", SHAPE_A, "forwardBackward", call, False)
    else:
        with torch.no_grad():
            results.layer("dense, equal FLOPs", SHAPE_A, "forward", forward, False)


def layers(results, shape, names, training, compiled=False):
    for name in names:

        def measure():
            experts = Experts(shape, training)
            forward = getattr(experts, name)
            if compiled:
                forward = torch.compile(forward)
            title = "layer %s%s" % (name, ", compiled" if compiled else "")
            if training:
                results.layer(title, shape, "forwardBackward", both(experts, forward), False)
            else:
                with torch.no_grad():
                    results.layer(title, shape, "forward", forward, shape["N"] <= 256)

        results.attempt("%s %s%s%s" % (name, shape["name"], ", training" * training, ", compiled" * compiled), measure)


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    if not torch.cuda.is_available():
        print("PyTorch %s finds no GPU" % torch.__version__)
        return SKIPPED
    results = Results(sys.argv[1])
    signal.signal(signal.SIGALRM, results.end)
    signal.alarm(int(sys.argv[2]))
    results.attempt("ceilings", lambda: ceilings(results))
    results.attempt("batched", lambda: batched(results))
    for training in (False, True):
        layers(results, SHAPE_A, ["grouped", "padded"], training)
        results.attempt("dense", lambda: dense(results, training))
    for shape in DECODE:
        layers(results, shape, ["grouped", "padded", "loop"], False)
    layers(results, SHAPE_B, ["grouped", "padded"], True)
    for training in (False, True):
        layers(results, SHAPE_A, ["grouped"], training, compiled=True)
    return 0 if results.content["measurements"] else 1


if __name__ == "__main__":
    sys.exit(main())
