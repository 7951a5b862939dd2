package dev.tandem.cpu;

import static java.lang.constant.ConstantDescs.CD_Class;
import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorSpecies;

/// Generates the only subclass of [GemmTile].
///
/// Each tile is a static method that C2 does not inline (by its size, the small ones by `config/jvm.args`), so its
/// registers are allocated for it alone. It has to stay small itself: C2 inlines operations past its 18,000th node
/// late, without knowing their vectors' types. A step of the largest tiles takes 17,400, so they have one loop of one
/// step (narrow tiles of weights have it in another). What is behind it has no branch: where vectors meet that may have
/// come by two ways, their types are known
/// still later. Tiles that begin with C are others than those that begin with zeros; the largest of them pass the
/// limit. Vectors are stored by their class ([Lanes#VECTOR]), so that none is boxed. But in some processes the limit
/// falls into a scalar load of the loop, whose last method the JDK does not force to be inlined: a call stays there.
final class TileCode {
    private static final ClassDesc LANES = GeneratedCode.describe(Lanes.class);
    private static final ClassDesc GENERATED = ClassDesc.of("dev.tandem.cpu.GemmTiles");
    private static final ClassDesc FLOATS = GeneratedCode.describe(FloatVector.class);
    private static final ClassDesc VECTOR = GeneratedCode.describe(Vector.class);

    private static final ClassDesc SPECIES = GeneratedCode.describe(VectorSpecies.class);
    private static final ClassDesc SEGMENT = GeneratedCode.describe(MemorySegment.class);
    private static final ClassDesc ORDER = GeneratedCode.describe(ByteOrder.class);
    private static final ClassDesc LONG_LAYOUT = GeneratedCode.describe(ValueLayout.OfLong.class);
    private static final ClassDesc FLOAT_LAYOUT = GeneratedCode.describe(ValueLayout.OfFloat.class);

    private static final MethodTypeDesc LOAD = MethodTypeDesc.of(FLOATS, SPECIES, SEGMENT, CD_long, ORDER);
    private static final MethodTypeDesc STORE = MethodTypeDesc.of(CD_void, SEGMENT, CD_long, ORDER);
    private static final MethodTypeDesc BROADCAST = MethodTypeDesc.of(FLOATS, SPECIES, CD_float);
    private static final MethodTypeDesc GET = MethodTypeDesc.of(CD_float, FLOAT_LAYOUT, CD_long);
    private static final MethodTypeDesc GET_LONG = MethodTypeDesc.of(CD_long, LONG_LAYOUT, CD_long);
    private static final MethodTypeDesc FMA = MethodTypeDesc.of(FLOATS, VECTOR, VECTOR);

    private static final MethodTypeDesc CAST = MethodTypeDesc.of(CD_Object, CD_Object);

    private TileCode() {}

    static GemmTile define() {
        return GeneratedCode.define(GemmTile.class, GENERATED, builder -> {
            for (TileKind kind : TileKind.values()) {
                GeneratedCode.dispatch(builder, GENERATED, kind.method, kind.type(), kind.rows());
                for (int m = 1; m <= kind.rows(); m++) {
                    new Tile(m, kind, false).method(builder);
                    new Tile(m, kind, true).method(builder);
                }
            }
        });
    }

    /// One tile of `rows` x `vectors`; vectors 2 and 3 come from the second panel.
    ///
    /// @param adds whether its sums go on from C
    private record Tile(int rows, TileKind kind, boolean adds) {
        void method(ClassBuilder builder) {
            String name = GeneratedCode.name(kind.method, rows, adds);
            builder.withMethodBody(name, kind.type(), ClassFile.ACC_STATIC, code -> new Body(this, code).emit());
        }
    }

    private static final class Body {
        private final Tile tile;
        private final CodeBuilder code;
        private final int depth;
        private final int a;
        private final int b;
        private final int secondB;
        private final int panelBytes;
        private final int firstA;
        private final int done;
        private final int ahead;
        private final int aheadStep;
        private final int touched;
        private final int c;
        private final int stride;
        private final StepsOfB steps;
        private final int at;
        private final int broadcast;
        private final int[] vectorsOfB;
        private final int[] sums;

        Body(Tile tile, CodeBuilder code) {
            this.tile = tile;
            this.code = code;
            int slot = 0;
            depth = code.parameterSlot(slot++);
            a = code.parameterSlot(slot++);
            panelBytes = tile.kind().ofWeights() ? code.parameterSlot(slot++) : -1;
            firstA = code.allocateLocal(TypeKind.LONG);
            done = code.allocateLocal(TypeKind.LONG);
            b = code.parameterSlot(slot++);
            secondB = is(TileKind.PAIR) ? code.parameterSlot(slot++) : -1;
            ahead = is(TileKind.READING) ? code.parameterSlot(slot++) : -1;
            aheadStep = is(TileKind.READING) ? code.parameterSlot(slot++) : -1;
            touched = code.allocateLocal(TypeKind.LONG);
            c = code.parameterSlot(slot++);
            stride = hasStride() ? code.parameterSlot(slot) : -1;
            steps = StepsOfB.of(code, tile.kind(), b, secondB);
            at = code.allocateLocal(TypeKind.LONG);
            broadcast = code.allocateLocal(TypeKind.REFERENCE);
            vectorsOfB = locals(tile.kind().vectors());
            sums = locals(tile.rows() * tile.kind().vectors());
        }

        private boolean is(TileKind kind) {
            return tile.kind() == kind;
        }

        private boolean hasStride() {
            return !is(TileKind.PANELS) && !tile.kind().ofWeights();
        }

        private int[] locals(int count) {
            int[] locals = new int[count];
            for (int i = 0; i < count; i++) {
                locals[i] = code.allocateLocal(TypeKind.REFERENCE);
            }
            return locals;
        }

        void emit() {
            GeneratedCode.refuseFirstTier(code, depth);
            if (is(TileKind.PAIR)) {
                code.lload(b).lload(secondB).ladd().lstore(secondB);
                GeneratedCode.boundAddress(code, secondB);
            }
            if (is(TileKind.READING)) {
                GeneratedCode.boundAddress(code, ahead);
                code.lconst_0().lstore(touched);
            }
            if (tile.kind().ofWeights() && !(steps instanceof StepsOfB.Offset)) {
                code.lload(a).lstore(firstA).lconst_0().lstore(done);
            }
            GeneratedCode.boundAddress(code, a);
            GeneratedCode.boundAddress(code, b);
            if (tile.adds()) {
                load();
            } else {
                zero();
            }
            steps.begin(depth);
            GeneratedCode.wholeOnly(code, this::loop);
            store();
            end();
        }

        private void end() {
            if (is(TileKind.READING)) {
                // Returned, because C2 would drop loads whose values nobody can see.
                code.lload(touched).lreturn();
            } else {
                code.return_();
            }
        }

        private void loop() {
            if (tile.kind().ofWeights() && steps instanceof StepsOfB.Offset offset) {
                loopInPanels(offset);
            } else {
                loopOverSteps();
            }
        }

        private void loopOverSteps() {
            Label test = code.newLabel();
            Label end = code.newLabel();
            code.labelBinding(test);
            steps.leaveAtEnd(end);
            multiply();
            if (tile.kind().ofWeights()) {
                advanceInWeights();
            } else {
                GeneratedCode.advance(
                        code, a, is(TileKind.PANELS) ? GemmTile.ROW_BYTES : tile.rows() * (long) Float.BYTES);
            }
            steps.advance();
            code.goto_(test).labelBinding(end);
        }

        /// A loop over the steps of each panel of weights: where another thread has half of the processor, the
        /// instructions that find a step among all panels count.
        private void loopInPanels(StepsOfB.Offset offset) {
            Label panel = code.newLabel();
            Label step = code.newLabel();
            Label endOfPanel = code.newLabel();
            Label end = code.newLabel();
            code.labelBinding(panel);
            offset.leaveAtEnd(end);
            offset.beginRun(GemmTile.WIDTH);
            code.labelBinding(step);
            offset.leaveAtEndOfRun(endOfPanel);
            multiply();
            GeneratedCode.advance(code, a, Float.BYTES);
            offset.advance();
            code.goto_(step).labelBinding(endOfPanel);
            code.lload(a)
                    .lload(panelBytes)
                    .ladd()
                    .loadConstant(GemmTile.ROW_BYTES)
                    .lsub();
            code.lstore(a);
            GeneratedCode.boundAddress(code, a);
            code.goto_(panel).labelBinding(end);
        }

        private void multiply() {
            if (is(TileKind.READING)) {
                code.lload(touched).getstatic(LANES, "MEMORY", SEGMENT).getstatic(LANES, "LONG", LONG_LAYOUT);
                code.lload(ahead)
                        .invokeinterface(SEGMENT, "get", GET_LONG)
                        .lor()
                        .lstore(touched);
                code.lload(ahead).lload(aheadStep).ladd().lstore(ahead);
                GeneratedCode.boundAddress(code, ahead);
            }
            for (int v = 0; v < tile.kind().vectors(); v++) {
                species().getstatic(LANES, "MEMORY", SEGMENT);
                steps.address(v);
                order().invokestatic(FLOATS, "fromMemorySegment", LOAD).astore(vectorsOfB[v]);
            }
            for (int i = 0; i < tile.rows(); i++) {
                species().getstatic(LANES, "MEMORY", SEGMENT).getstatic(LANES, "FLOAT", FLOAT_LAYOUT);
                at(a, i * (tile.kind().ofWeights() ? GemmTile.ROW_BYTES : Float.BYTES));
                code.invokeinterface(SEGMENT, "get", GET).invokestatic(FLOATS, "broadcast", BROADCAST);
                code.astore(broadcast);
                for (int v = 0; v < tile.kind().vectors(); v++) {
                    int sum = sums[i * tile.kind().vectors() + v];
                    code.aload(broadcast).aload(vectorsOfB[v]).aload(sum);
                    code.invokevirtual(FLOATS, "fma", FMA).astore(sum);
                }
            }
        }

        private void at(int base, long offset) {
            code.lload(base).loadConstant(offset).ladd();
        }

        /// Moves on to the next step of a panel, or from the last to the first of the next panel, without a branch.
        private void advanceInWeights() {
            code.lload(done).loadConstant((long) Float.BYTES).ladd().lstore(done);
            int bits = Long.numberOfTrailingZeros(GemmTile.ROW_BYTES);
            code.lload(done).loadConstant(bits).lshr().lload(panelBytes).lmul();
            code.lload(done).loadConstant(GemmTile.ROW_BYTES - 1).land();
            code.ladd().lload(firstA).ladd().lstore(a);
            GeneratedCode.boundAddress(code, a);
        }

        private void zero() {
            species().fconst_0().invokestatic(FLOATS, "broadcast", BROADCAST).astore(broadcast);
            for (int sum : sums) {
                code.aload(broadcast).astore(sum);
            }
        }

        private void load() {
            for (int i = 0; i < tile.rows(); i++) {
                row(i);
                for (int v = 0; v < tile.kind().vectors(); v++) {
                    species();
                    target(v)
                            .invokestatic(FLOATS, "fromMemorySegment", LOAD)
                            .astore(sums[i * tile.kind().vectors() + v]);
                }
            }
        }

        private void store() {
            for (int i = 0; i < tile.rows(); i++) {
                row(i);
                for (int v = 0; v < tile.kind().vectors(); v++) {
                    code.getstatic(LANES, "VECTOR", CD_Class)
                            .aload(sums[i * tile.kind().vectors() + v]);
                    code.invokevirtual(CD_Class, "cast", CAST).checkcast(FLOATS);
                    target(v).invokevirtual(FLOATS, "intoMemorySegment", STORE);
                }
            }
        }

        private void row(int i) {
            code.lload(c);
            if (hasStride()) {
                code.lload(stride).loadConstant((long) i).lmul();
            } else {
                code.loadConstant(i * GemmTile.ROW_BYTES);
            }
            code.ladd().lstore(at);
            GeneratedCode.boundAddress(code, at);
        }

        private CodeBuilder target(int v) {
            code.getstatic(LANES, "MEMORY", SEGMENT).lload(at);
            code.loadConstant(v * (long) Lanes.BYTES).ladd();
            return order();
        }

        private CodeBuilder species() {
            return code.getstatic(LANES, "F32", SPECIES);
        }

        private CodeBuilder order() {
            return code.getstatic(LANES, "ORDER", ORDER);
        }
    }
}
