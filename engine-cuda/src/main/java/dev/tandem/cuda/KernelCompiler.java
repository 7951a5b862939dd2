package dev.tandem.cuda;

/// Compiles kernel sources to machine code.
interface KernelCompiler {
    /// Name, version and options; other ones may give other code.
    String version();

    /// Compiles for a target such as `sm_90a`.
    ///
    /// @throws dev.tandem.engine.EngineException with the compiler's words if it refuses
    Compiled compile(KernelSource source, String target);

    /// What a compiler made.
    ///
    /// @param cubin an ELF image for one target; never PTX, which older drivers refuse
    /// @param log what it said, registers and spills of each kernel included
    @SuppressWarnings("ArrayRecordComponent") // handed to the driver as it is
    record Compiled(byte[] cubin, String log) {}
}
