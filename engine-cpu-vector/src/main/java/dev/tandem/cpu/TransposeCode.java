package dev.tandem.cpu;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorSpecies;

/// Generates the only subclass of [Transpose].
final class TransposeCode {
    private static final ClassDesc LANES = GeneratedCode.describe(Lanes.class);
    private static final ClassDesc TRANSPOSE = GeneratedCode.describe(Transpose.class);
    private static final ClassDesc GENERATED = ClassDesc.of("dev.tandem.cpu.GeneratedTranspose");
    private static final ClassDesc INTS = GeneratedCode.describe(IntVector.class);
    private static final ClassDesc VECTOR = GeneratedCode.describe(Vector.class);
    private static final ClassDesc SPECIES = GeneratedCode.describe(VectorSpecies.class);
    private static final ClassDesc SEGMENT = GeneratedCode.describe(MemorySegment.class);
    private static final ClassDesc ORDER = GeneratedCode.describe(ByteOrder.class);
    private static final ClassDesc LONG_LAYOUT = GeneratedCode.describe(ValueLayout.OfLong.class);

    private static final MethodTypeDesc ROWS = MethodTypeDesc.of(CD_void, CD_long, CD_long, CD_int, CD_long, CD_long);
    private static final MethodTypeDesc PANELS = MethodTypeDesc.of(CD_void, CD_int, CD_long, CD_long, CD_long);
    private static final MethodTypeDesc LOAD = MethodTypeDesc.of(INTS, SPECIES, SEGMENT, CD_long, ORDER);
    private static final MethodTypeDesc STORE = MethodTypeDesc.of(CD_void, SEGMENT, CD_long, ORDER);
    private static final MethodTypeDesc SELECT = MethodTypeDesc.of(INTS, VECTOR, VECTOR);
    private static final MethodTypeDesc GET_LONG = MethodTypeDesc.of(CD_long, LONG_LAYOUT, CD_long);

    private final CodeBuilder code;
    private final int k;
    private final int base;
    private final int[] pointers = new int[Lanes.LENGTH];
    private final int[] vectors = new int[Lanes.LENGTH];
    private final int spare;

    private TransposeCode(CodeBuilder code) {
        this.code = code;
        k = code.allocateLocal(TypeKind.INT);
        base = code.allocateLocal(TypeKind.LONG);
        spare = code.allocateLocal(TypeKind.REFERENCE);
        for (int i = 0; i < Lanes.LENGTH; i++) {
            pointers[i] = code.allocateLocal(TypeKind.LONG);
            vectors[i] = code.allocateLocal(TypeKind.REFERENCE);
        }
    }

    static Transpose define() {
        return GeneratedCode.define(Transpose.class, GENERATED, builder -> {
            builder.withMethodBody("rows", ROWS, 0, code -> new TransposeCode(code).rows());
            builder.withMethodBody("panels", PANELS, 0, code -> new TransposeCode(code).panels());
        });
    }

    private void rows() {
        int table = code.parameterSlot(0);
        int offset = code.parameterSlot(1);
        int depth = code.parameterSlot(2);
        int out = code.parameterSlot(3);
        int stride = code.parameterSlot(4);
        GeneratedCode.refuseFirstTier(code, depth);
        for (int i = 0; i < Lanes.LENGTH; i++) {
            code.getstatic(LANES, "MEMORY", SEGMENT).getstatic(LANES, "LONG", LONG_LAYOUT);
            code.lload(table).loadConstant(i * 8L).ladd();
            code.invokeinterface(SEGMENT, "get", GET_LONG).lload(offset).ladd().lstore(pointers[i]);
        }
        loop(depth, Lanes.LENGTH, () -> {
            for (int i = 0; i < Lanes.LENGTH; i++) {
                int pointer = pointers[i];
                load(
                        vectors[i],
                        () -> code.lload(pointer)
                                .iload(k)
                                .i2l()
                                .loadConstant(4L)
                                .lmul()
                                .ladd());
            }
            exchange();
            code.lload(out).iload(k).i2l().lload(stride).lmul().ladd().lstore(base);
            for (int i = 0; i < Lanes.LENGTH; i++) {
                long row = i;
                store(
                        vectors[i],
                        () -> code.lload(base)
                                .lload(stride)
                                .loadConstant(row)
                                .lmul()
                                .ladd());
            }
        });
    }

    private void panels() {
        int panels = code.parameterSlot(0);
        int source = code.parameterSlot(1);
        int panelBytes = code.parameterSlot(2);
        int out = code.parameterSlot(3);
        GeneratedCode.refuseFirstTier(code, panels);
        loop(panels, 1, () -> {
            code.lload(source).iload(k).i2l().lload(panelBytes).lmul().ladd().lstore(base);
            for (int half = 0; half < 2; half++) {
                long shift = half * (long) Lanes.BYTES;
                for (int i = 0; i < Lanes.LENGTH; i++) {
                    long row = i * GemmTile.ROW_BYTES + shift;
                    load(vectors[i], () -> code.lload(base).loadConstant(row).ladd());
                }
                exchange();
                for (int i = 0; i < Lanes.LENGTH; i++) {
                    long row = (half * Lanes.LENGTH + i) * GemmTile.ROW_BYTES;
                    store(
                            vectors[i],
                            () -> code.lload(out)
                                    .iload(k)
                                    .i2l()
                                    .loadConstant(GemmTile.WIDTH * GemmTile.ROW_BYTES)
                                    .lmul()
                                    .ladd()
                                    .loadConstant(row)
                                    .ladd());
                }
            }
        });
    }

    /// `for (k = 0; k < limit; k += step)`.
    private void loop(int limit, int step, Runnable body) {
        Label test = code.newLabel();
        Label end = code.newLabel();
        code.iconst_0().istore(k);
        GeneratedCode.wholeOnly(code, () -> {
            code.labelBinding(test).iload(k).iload(limit).if_icmpge(end);
            body.run();
            code.iinc(k, step).goto_(test).labelBinding(end);
        });
        code.return_();
    }

    private void exchange() {
        for (int distance = 1; distance < Lanes.LENGTH; distance *= 2) {
            for (int i = 0; i < Lanes.LENGTH; i++) {
                if ((i & distance) == 0) {
                    int first = vectors[i];
                    int second = vectors[i + distance];
                    select("LOW_" + distance, first, second);
                    code.astore(spare);
                    select("HIGH_" + distance, first, second);
                    code.astore(second).aload(spare).astore(first);
                }
            }
        }
    }

    private void select(String indices, int first, int second) {
        code.getstatic(TRANSPOSE, indices, INTS).aload(first).aload(second).invokevirtual(INTS, "selectFrom", SELECT);
    }

    private void load(int vector, Runnable address) {
        code.getstatic(LANES, "I32", SPECIES).getstatic(LANES, "MEMORY", SEGMENT);
        address.run();
        code.getstatic(LANES, "ORDER", ORDER)
                .invokestatic(INTS, "fromMemorySegment", LOAD)
                .astore(vector);
    }

    private void store(int vector, Runnable address) {
        code.aload(vector).getstatic(LANES, "MEMORY", SEGMENT);
        address.run();
        code.getstatic(LANES, "ORDER", ORDER).invokevirtual(INTS, "intoMemorySegment", STORE);
    }
}
