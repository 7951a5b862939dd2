package dev.tandem.bench.peer;

import java.util.List;

/// An ONNX model of one graph, written field by field. The numbers are those of `onnx.proto`.
final class OnnxModel {
    /// The domain of operators that only ONNX Runtime has.
    static final String MICROSOFT = "com.microsoft";

    private static final int IR_VERSION = 8;
    private static final int OPSET = 17;
    private static final int FLOAT = 1;
    private static final int ATTRIBUTE_INT = 2;
    private static final int ATTRIBUTE_STRING = 3;

    private final ProtoWriter graph = new ProtoWriter();

    /// An operator.
    final class Node {
        private final ProtoWriter node = new ProtoWriter();

        Node(String operator, List<String> inputs, String output) {
            inputs.forEach(input -> node.text(1, input));
            node.text(2, output).text(4, operator);
        }

        Node domain(String domain) {
            node.text(7, domain);
            return this;
        }

        Node attribute(String name, long value) {
            node.message(5, new ProtoWriter().text(1, name).integer(3, value).integer(20, ATTRIBUTE_INT));
            return this;
        }

        Node attribute(String name, String value) {
            node.message(5, new ProtoWriter().text(1, name).text(4, value).integer(20, ATTRIBUTE_STRING));
            return this;
        }

        OnnxModel add() {
            graph.message(1, node);
            return OnnxModel.this;
        }
    }

    OnnxModel() {
        graph.text(2, "graph");
    }

    /// A constant.
    OnnxModel constant(String name, float[] values, long... shape) {
        var tensor = new ProtoWriter();
        for (long extent : shape) {
            tensor.integer(1, extent);
        }
        graph.message(5, tensor.integer(2, FLOAT).text(8, name).floats(9, values));
        return this;
    }

    OnnxModel input(String name, long... shape) {
        graph.message(11, value(name, shape));
        return this;
    }

    OnnxModel output(String name, long... shape) {
        graph.message(12, value(name, shape));
        return this;
    }

    private static ProtoWriter value(String name, long... shape) {
        var extents = new ProtoWriter();
        for (long extent : shape) {
            extents.message(1, new ProtoWriter().integer(1, extent));
        }
        var tensor = new ProtoWriter().integer(1, FLOAT).message(2, extents);
        return new ProtoWriter().text(1, name).message(2, new ProtoWriter().message(1, tensor));
    }

    byte[] bytes() {
        return new ProtoWriter()
                .integer(1, IR_VERSION)
                .message(8, new ProtoWriter().text(1, "").integer(2, OPSET))
                .message(8, new ProtoWriter().text(1, MICROSOFT).integer(2, 1))
                .message(7, graph)
                .bytes();
    }
}
