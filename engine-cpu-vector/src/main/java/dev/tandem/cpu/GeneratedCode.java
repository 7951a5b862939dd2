package dev.tandem.cpu;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Defines the one subclass of an abstract kernel class, whose methods are written in bytecode.
final class GeneratedCode {
    private static final ClassDesc ASSERTION = describe(AssertionError.class);
    static final ClassDesc MATH = describe(Math.class);
    private static final MethodTypeDesc OF_TWO_LONGS = MethodTypeDesc.of(CD_long, CD_long, CD_long);

    private GeneratedCode() {}

    static ClassDesc describe(Class<?> type) {
        return type.describeConstable().orElseThrow();
    }

    /// Makes C1 give a method up at once: a handler that can also be reached by a jump.
    ///
    /// Left alone, C1 inlines thousands of Vector API calls for nothing, and may succeed without
    /// profiling yet fail with it; the method then stays in that code, 100 times slower, for ever.
    /// Refused, it is profiled by the interpreter and compiled by C2. The jump is never taken.
    ///
    /// @param count an int parameter that is never negative
    static void refuseFirstTier(CodeBuilder code, int count) {
        Label begin = code.newLabel();
        Label end = code.newLabel();
        Label handler = code.newLabel();
        code.iload(count).ifge(begin);
        code.aconst_null().goto_(handler);
        code.labelBinding(handler).athrow();
        code.labelBinding(begin).nop().labelBinding(end);
        code.exceptionCatchAll(begin, end, handler);
    }

    /// Keeps C2 from compiling a method from the middle of `loops` on while they are interpreted: it
    /// cannot enter a loop around which something lies on the operand stack.
    ///
    /// Entered there, it would not know the vectors' types, take five times as long over a tile, and
    /// make code of use to one call. The whole method is compiled after enough calls instead;
    /// `config/jvm.args` makes that soon.
    static void wholeOnly(CodeBuilder code, Runnable loops) {
        code.iconst_0();
        loops.run();
        code.pop();
    }

    /// Tells C2 that an address lies far below the end of [Lanes#MEMORY], so that it drops the bounds checks.
    ///
    /// Otherwise it has to move them out of the loop; where it fails, which is a matter of luck, a tile
    /// spills its sums around each of them and takes many times as long.
    ///
    /// @param address a local variable
    static void boundAddress(CodeBuilder code, int address) {
        code.lload(address).loadConstant(Lanes.ADDRESS_BITS).land().lstore(address);
    }

    /// Tells C2 that the address on the stack lies no lower than `least`, as it does, and far below the end of
    /// [Lanes#MEMORY]. So it may be a base from which offsets go down.
    ///
    /// C2 would see by itself that an address to which `least` is added is no lower. But it moves such constants
    /// behind all other sums, and so into the loop. A maximum it leaves where it stands.
    static void boundFromBelow(CodeBuilder code, long least) {
        code.loadConstant(Lanes.ADDRESS_BITS).land().loadConstant(least).invokestatic(MATH, "max", OF_TWO_LONGS);
    }

    /// Moves a pointer on; C2 sees that it stays within the memory, and checks no bounds.
    static void advance(CodeBuilder code, int address, long bytes) {
        code.lload(address).loadConstant(bytes).ladd().lstore(address);
        boundAddress(code, address);
    }

    /// A method `name` of `1..most` and the other arguments: `switch (rows) { case m -> nameM(the other arguments) }`;
    /// the last one is a boolean that chooses between two methods, which have it too.
    static void dispatch(ClassBuilder builder, ClassDesc owner, String name, MethodTypeDesc tile, int most) {
        builder.withMethodBody(name, tile.insertParameterTypes(0, CD_int), 0, code -> {
            List<SwitchCase> cases = new ArrayList<>();
            for (int m = 1; m <= most; m++) {
                cases.add(SwitchCase.of(m, code.newLabel()));
            }
            Label unknown = code.newLabel();
            code.iload(code.parameterSlot(0)).tableswitch(1, most, unknown, cases);
            for (SwitchCase each : cases) {
                code.labelBinding(each.target()).iload(code.parameterSlot(tile.parameterCount()));
                code.ifThenElse(
                        chosen -> call(chosen, owner, name(name, each.caseValue(), true), tile),
                        chosen -> call(chosen, owner, name(name, each.caseValue(), false), tile));
            }
            code.labelBinding(unknown)
                    .new_(ASSERTION)
                    .dup()
                    .invokespecial(ASSERTION, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                    .athrow();
        });
    }

    /// The name of a method that is called by [#dispatch].
    static String name(String name, int rows, boolean choice) {
        return choice ? "%sAndAdd%d".formatted(name, rows) : "%s%d".formatted(name, rows);
    }

    private static void call(CodeBuilder code, ClassDesc owner, String name, MethodTypeDesc tile) {
        for (int i = 0; i < tile.parameterCount(); i++) {
            code.loadLocal(TypeKind.from(tile.parameterType(i)), code.parameterSlot(i + 1));
        }
        code.invokestatic(owner, name, tile).return_(TypeKind.from(tile.returnType()));
    }

    static <T> T define(Class<T> parent, ClassDesc name, Consumer<ClassBuilder> methods) {
        ClassDesc superclass = describe(parent);
        byte[] bytes = ClassFile.of().build(name, builder -> {
            builder.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER | ClassFile.ACC_SYNTHETIC);
            builder.withSuperclass(superclass);
            builder.withMethodBody(
                    ConstantDescs.INIT_NAME,
                    ConstantDescs.MTD_void,
                    0,
                    code -> code.aload(0)
                            .invokespecial(superclass, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                            .return_());
            methods.accept(builder);
        });
        try {
            Class<?> type =
                    MethodHandles.lookup().defineHiddenClass(bytes, true).lookupClass();
            return parent.cast(type.getDeclaredConstructor().newInstance());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the generated code of %s could not be loaded".formatted(name), e);
        }
    }
}
