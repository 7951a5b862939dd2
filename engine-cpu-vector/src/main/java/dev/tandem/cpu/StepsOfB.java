package dev.tandem.cpu;

import static java.lang.constant.ConstantDescs.CD_int;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.MethodTypeDesc;
import java.util.Arrays;

/// The code of a tile's loop that finds the vectors of B, step by step, and ends with its last step.
///
/// C2 would unroll a loop that counts, load the operands of several steps at once and have too few registers left
/// for the sums. It does not if the loop ends at an address, nor if it counts by more than the bytes of a vector.
abstract class StepsOfB {
    final CodeBuilder code;
    final int end;

    private StepsOfB(CodeBuilder code, TypeKind position) {
        this.code = code;
        end = code.allocateLocal(position);
    }

    /// @param b local variable with the address of the panel
    /// @param secondB the same of the second one, which a pair has
    static StepsOfB of(CodeBuilder code, TileKind kind, int b, int secondB) {
        if (kind == TileKind.PAIR) {
            return new Pointers(code, b, secondB);
        }
        return GemmTile.WIDE ? new Pointers(code, b) : new Offset(code, b, kind.vectors());
    }

    /// Before the loop.
    abstract void begin(int depth);

    /// Leaves the loop behind the last step.
    abstract void leaveAtEnd(Label label);

    /// Puts the address of a vector of this step on the stack.
    abstract void address(int vector);

    /// Moves on to the next step.
    abstract void advance();

    /// Pointers that move on, one for each panel.
    private static final class Pointers extends StepsOfB {
        private final int[] panels;

        Pointers(CodeBuilder code, int... panels) {
            super(code, TypeKind.LONG);
            this.panels = panels;
        }

        @Override
        void begin(int depth) {
            code.iload(depth).i2l().loadConstant(GemmTile.ROW_BYTES).lmul();
            code.lload(panels[0]).ladd().lstore(end);
        }

        @Override
        void leaveAtEnd(Label label) {
            code.lload(panels[0]).lload(end).lcmp().ifge(label);
        }

        @Override
        void address(int vector) {
            code.lload(panels[vector / 2]).loadConstant((vector % 2) * (long) Lanes.BYTES);
            code.ladd();
        }

        @Override
        void advance() {
            for (int panel : panels) {
                GeneratedCode.advance(code, panel, GemmTile.ROW_BYTES);
            }
        }
    }

    /// Bases that stay, one for each vector, and an offset that moves on, where there are 16 registers.
    ///
    /// Of what is ready C2 takes first what has the most inputs: so it loads B before elements of A, and
    /// multiplies by each of these as soon as it is loaded. The other way round all elements of a step wait
    /// in registers. A loop that counts spares two loads a step, by which others ask whether they shall stop.
    /// And base and offset stand in the load itself: a step of five rows has 23 instructions, not 27, and its
    /// code fits two lines of the cache, which counts where another thread has half of the processor.
    static final class Offset extends StepsOfB {
        /// The first offset. Bases lie as much higher, so that no offset, whichever it is, leads below 0,
        /// and C2 has nothing to check.
        private static final int FIRST = Integer.MIN_VALUE;

        private static final MethodTypeDesc OF_TWO_INTS = MethodTypeDesc.of(CD_int, CD_int, CD_int);

        private final int panel;
        private final int[] bases;
        private final int offset;
        private final int endOfRun;

        Offset(CodeBuilder code, int panel, int vectors) {
            super(code, TypeKind.INT);
            this.panel = panel;
            bases = new int[vectors];
            offset = code.allocateLocal(TypeKind.INT);
            endOfRun = code.allocateLocal(TypeKind.INT);
            Arrays.setAll(bases, vector -> code.allocateLocal(TypeKind.LONG));
        }

        @Override
        void begin(int depth) {
            for (int vector = 0; vector < bases.length; vector++) {
                code.lload(panel)
                        .loadConstant(vector * (long) Lanes.BYTES - FIRST)
                        .ladd();
                GeneratedCode.boundFromBelow(code, -(long) FIRST);
                code.lstore(bases[vector]);
            }
            code.loadConstant(FIRST).istore(offset);
            code.iload(depth).loadConstant((int) GemmTile.ROW_BYTES).imul().loadConstant(FIRST);
            code.iadd().istore(end);
        }

        @Override
        void leaveAtEnd(Label label) {
            code.iload(offset).iload(end).if_icmpge(label);
        }

        /// Before a loop of the next steps, at most so many.
        void beginRun(int steps) {
            code.iload(end).iload(offset).isub().loadConstant(steps * (int) GemmTile.ROW_BYTES);
            code.invokestatic(GeneratedCode.MATH, "min", OF_TWO_INTS)
                    .iload(offset)
                    .iadd();
            code.istore(endOfRun);
        }

        /// Leaves that loop behind the last of them.
        void leaveAtEndOfRun(Label label) {
            code.iload(offset).iload(endOfRun).if_icmpge(label);
        }

        @Override
        void address(int vector) {
            code.lload(bases[vector]).iload(offset).i2l().ladd();
        }

        @Override
        void advance() {
            code.iinc(offset, (int) GemmTile.ROW_BYTES);
        }
    }
}
