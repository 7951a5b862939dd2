// Changing from one stack to another.
#pragma once
#include <cstddef>
#include <cstdint>

#ifndef __x86_64__
#include <ucontext.h>
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace tandem_host {
namespace {

constexpr size_t STACK_BYTES = 64 * 1024;

// The sanitizer must know the stack it is on. Frames of fibers that never returned leave their marks.
struct Stack {
    const void* bottom;
    size_t bytes;
    void* hidden;
};

#ifdef __SANITIZE_ADDRESS__
void leave(Stack& from, const Stack& to) { __sanitizer_start_switch_fiber(&from.hidden, to.bottom, to.bytes); }
void arrive(Stack& here, Stack* from) {
    __sanitizer_finish_switch_fiber(here.hidden, from ? &from->bottom : nullptr, from ? &from->bytes : nullptr);
}
void renew(Stack& here) {
    __asan_unpoison_memory_region(here.bottom, here.bytes);
    here.hidden = nullptr;
}
#else
void leave(Stack&, const Stack&) {}
void arrive(Stack&, Stack*) {}
void renew(Stack&) {}
#endif

#ifdef __x86_64__
struct Context {
    void* top;
    Stack stack;
};

extern "C" void tandem_switch(void** from, void* to);
asm(R"(
    .text
    .globl tandem_switch
    .hidden tandem_switch
    .type tandem_switch, @function
tandem_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size tandem_switch, .-tandem_switch
)");

void change(Context& from, Context& to) {
    leave(from.stack, to.stack);
    tandem_switch(&from.top, to.top);
    arrive(from.stack, nullptr);
}

void prepare(Context& context, char* stack, void (*entry)()) {
    context.stack = {stack, STACK_BYTES, nullptr};
    renew(context.stack);
    auto top = reinterpret_cast<void**>(reinterpret_cast<uintptr_t>(stack + STACK_BYTES) & ~uintptr_t(15));
    *--top = nullptr; // where entry would return to
    *--top = reinterpret_cast<void*>(entry);
    for (int saved = 0; saved < 6; saved++) {
        *--top = nullptr;
    }
    context.top = top;
}
#else
struct Context {
    ucontext_t registers;
    Stack stack;
};

void change(Context& from, Context& to) {
    leave(from.stack, to.stack);
    swapcontext(&from.registers, &to.registers);
    arrive(from.stack, nullptr);
}

void prepare(Context& context, char* stack, void (*entry)()) {
    context.stack = {stack, STACK_BYTES, nullptr};
    renew(context.stack);
    getcontext(&context.registers);
    context.registers.uc_stack.ss_sp = stack;
    context.registers.uc_stack.ss_size = STACK_BYTES;
    context.registers.uc_link = nullptr;
    makecontext(&context.registers, entry, 0);
}
#endif

} // namespace
} // namespace tandem_host
