# harness.s - runs every record of the vector buffer through its stub.
#
# Assembled three times: for qemu-ppc (OUT32=1: registers are 32 bits wide), for qemu-ppc64 (OUT64=1)
# and for the recompiler (neither: a 32-bit image of a 64-bit core, as on the console). All three
# have the same instructions at the same places, so addresses that show up in results (LR) agree.
#
# Record, big-endian, 256 bytes, or 512 with a memory window (see record.py):
#   0 stub   4 trap   8 cr   12 xer   16 fpscr (64)   24 size   28 spare
#   32 r0, r3-r13 (64 each)   128 f0-f5 (64 each)   256 memory window
# Results overwrite the record. A record of size 0 ends the buffer. A stub may use r14-r29 freely, must
# keep r1, r30 and r31 (r31 is the record) and must return with LR as it came.

.ifdef OUT32
.macro load_reg reg, offset
    lwz \reg, \offset+4(31)
.endm
.macro store_reg reg, offset
    stw \reg, \offset+4(31)
.endm
.else
.macro load_reg reg, offset
    ld \reg, \offset(31)
.endm
.macro store_reg reg, offset
    std \reg, \offset(31)
.endm
.endif

.macro each_gpr what
    \what 0, 32
    \what 3, 40
    \what 4, 48
    \what 5, 56
    \what 6, 64
    \what 7, 72
    \what 8, 80
    \what 9, 88
    \what 10, 96
    \what 11, 104
    \what 12, 112
    \what 13, 120
.endm

.macro load_address reg, symbol
    lis \reg, \symbol@ha
    addi \reg, \reg, \symbol@l
.endm

.text
.globl run_all
.type run_all, @function
run_all:
    mflr 0
    stw 0, -8(1)
    addi 1, 1, -64
    load_address 31, vectors
    li 30, 0
next_record:
    lwz 29, 24(31)
    cmplwi 29, 0
    beq finished
    lwz 29, 0(31)
    slwi 29, 29, 2
    load_address 28, stub_table
    lwzx 29, 28, 29
    mtctr 29
    lfd 31, 16(31)
    mtfsf 255, 31
    lfd 0, 128(31)
    lfd 1, 136(31)
    lfd 2, 144(31)
    lfd 3, 152(31)
    lfd 4, 160(31)
    lfd 5, 168(31)
    lwz 29, 8(31)
    mtcr 29
    lwz 29, 12(31)
    mtxer 29
    each_gpr load_reg
    bctrl
    each_gpr store_reg
    mfcr 29
    stw 29, 8(31)
    mfxer 29
    stw 29, 12(31)
    stfd 0, 128(31)
    stfd 1, 136(31)
    stfd 2, 144(31)
    stfd 3, 152(31)
    stfd 4, 160(31)
    stfd 5, 168(31)
    mffs 31
    stfd 31, 16(31)
    load_address 28, trap_word
    lwz 29, 0(28)
    stw 29, 4(31)
    stw 30, 0(28)
    lwz 29, 24(31)
    add 31, 31, 29
    b next_record
finished:
    addi 1, 1, 64
    lwz 0, -8(1)
    mtlr 0
    blr
.size run_all, . - run_all

# ---- the part for qemu: read the records from descriptor 0, write them to descriptor 1 -------------

# Traps and refused instructions are noted in trap_word and skipped. r3 is the signal, r5 the
# ucontext. A trap is 1, any other signal is 0x100 plus its number, which the checker refuses.
.type on_signal, @function
on_signal:
    cmpwi 3, 5
    li 6, 1
    beq 1f
    addi 6, 3, 0x100
1:  load_address 7, trap_word
    stw 6, 0(7)
.ifdef OUT64
    ld 6, 224(5)        # uc_mcontext.regs
    ld 7, 256(6)        # nip
    addi 7, 7, 4
    std 7, 256(6)
.else
    lwz 6, 48(5)        # uc_regs
    lwz 7, 128(6)       # nip
    addi 7, 7, 4
    stw 7, 128(6)
.endif
    blr
.size on_signal, . - on_signal

.globl _start
.type _start, @function
_start:
    li 14, 4
    bl catch_signal
    li 14, 5
    bl catch_signal
    li 14, 8
    bl catch_signal
    li 14, 11
    bl catch_signal
    load_address 14, vectors
1:  li 0, 3             # read
    li 3, 0
    mr 4, 14
    lis 5, 0x10
    sc
    bso 2f
    cmpwi 3, 0
    beq 2f
    add 14, 14, 3
    b 1b
2:  load_address 15, vectors_end
    stw 14, 0(15)
    bl run_all
    load_address 15, vectors_end
    lwz 14, 0(15)
    load_address 15, vectors
3:  subf. 5, 15, 14
    beq 4f
    li 0, 4             # write
    li 3, 1
    mr 4, 15
    sc
    bso 4f
    add 15, 15, 3
    b 3b
4:  li 0, 1             # exit
    li 3, 0
    sc
    blr
.size _start, . - _start

.type catch_signal, @function
catch_signal:
    li 0, 173           # rt_sigaction
    mr 3, 14
    load_address 4, signal_action
    li 5, 0
    li 6, 8
    sc
    blr
.size catch_signal, . - catch_signal

.data
.balign 8
signal_action:
.ifdef OUT64
    .quad on_signal, 0x40000004, 0, 0
.else
    .long on_signal, 0x40000004, 0, 0, 0
.endif
.globl trap_word
trap_word:
    .long 0
vectors_end:
    .long 0

.section .vectors, "aw", @nobits
.globl vectors
.balign 4096
vectors:
    .space 0x10000000
