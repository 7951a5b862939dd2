package dev.tandem.bench.peer;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.ListType;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// libtorch's fused AdamW over all parameters at once. Its norm of the gradients clips them in the
/// same pass. The bindings lack both functions; the dispatcher has them by name.
final class TorchAdamW {
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.98;
    private static final double EPSILON = 1e-8;
    private static final double DECAY = 0.01;

    private final OperatorHandle update = operator("aten::_fused_adamw_", "");
    private final OperatorHandle norms = operator("aten::_foreach_norm", "Scalar");
    private final List<Tensor> parameters;
    private final List<Tensor> m = new ArrayList<>();
    private final List<Tensor> v = new ArrayList<>();
    private final List<Tensor> steps = new ArrayList<>();
    private final double learningRate;
    private final double clipNorm;

    TorchAdamW(List<Tensor> parameters, double learningRate, double clipNorm) {
        this.parameters = List.copyOf(parameters);
        this.learningRate = learningRate;
        this.clipNorm = clipNorm;
        for (Tensor parameter : parameters) {
            m.add(torch.zeros_like(parameter));
            v.add(torch.zeros_like(parameter));
            steps.add(torch.zeros(1));
        }
    }

    private static OperatorHandle operator(String name, String overload) {
        return new OperatorHandle(Dispatcher.singleton().findSchemaOrThrow(name, overload));
    }

    /// Changes every parameter once.
    ///
    /// @return the norm of all gradients, `[1]`
    @SuppressWarnings("try") // acts by being open
    Tensor update() {
        try (var nothing = new NoGradGuard()) {
            IValue gradients = list(parameters.stream().map(Tensor::grad).toList());
            Tensor norm = norm(gradients);
            for (Tensor step : steps) {
                step.add_(new Scalar(1));
            }
            Tensor divisor = norm.div(new Scalar(clipNorm)).clamp_min(new Scalar(1));
            update.callBoxed(new IValueVector(
                    list(parameters),
                    gradients,
                    list(m),
                    list(v),
                    list(List.of()),
                    list(steps),
                    new IValue(learningRate),
                    new IValue(BETA1),
                    new IValue(BETA2),
                    new IValue(DECAY),
                    new IValue(EPSILON),
                    new IValue(false),
                    new IValue(false),
                    new IValue(divisor),
                    new IValue()));
            return norm;
        }
    }

    private Tensor norm(IValue gradients) {
        var stack = new IValueVector(gradients, new IValue(new Scalar(2)), new IValue());
        norms.callBoxed(stack);
        return torch.stack(stack.get(0).toTensorVector()).norm();
    }

    private static IValue list(List<Tensor> tensors) {
        var list = new GenericList(ListType.ofTensors().containedType(0));
        tensors.forEach(tensor -> list.push_back(new IValue(tensor)));
        return new IValue(list);
    }
}
