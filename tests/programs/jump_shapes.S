// jump_shapes.S - switches as other compilers write them, and as none does but could.
//
// Each function takes a number and gives 100 + that number for 0 to 7, and 7 for all others; those
// called masked_ look at its low three bits only. r3 comes in and goes out.

    .section .note.GNU-stack, "", @progbits
#ifdef __powerpc__
    .machine "ppc"

    .macro function name
    .section .text.\name, "ax"
    .globl \name
    .type \name, @function
    .align 2
\name:
    .endm

// The eight cases, of two instructions each, and the default.
    .macro cases name
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
\name\()_\n:
    li 3, 100 + \n
    blr
    .endr
    .endm
    .macro otherwise name
\name\()_default:
    li 3, 7
    blr
    .size \name, . - \name
    .endm

    .macro table name, directive, base, shift=0
    .section .rodata.\name, "a"
    .align 2
\name\()_table:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    \directive (\name\()_\n - \base) >> \shift
    .endr
    .align 2
    .section .text.\name, "ax"
    .endm
    .macro addresses name
    .section .rodata.\name, "a"
    .align 2
\name\()_table:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    .long \name\()_\n
    .endr
    .section .text.\name, "ax"
    .endm

// Offsets from the table itself.
    .macro offsets name
    .section .rodata.\name, "a"
    .align 2
\name\()_table:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    .long \name\()_\n - \name\()_table
    .endr
    .section .text.\name, "ax"
    .endm

    .macro load_address register, symbol
    lis \register, \symbol@ha
    addi \register, \register, \symbol@l
    .endm

// ---- tables of addresses and of offsets -----------------------------------------------------------

function shape_addresses
    cmplwi 6, 3, 7
    bgt 6, shape_addresses_default
    load_address 11, shape_addresses_table
    slwi 0, 3, 2
    lwzx 0, 11, 0
    mtctr 0
    bctr
    cases shape_addresses
    otherwise shape_addresses
    addresses shape_addresses

function shape_ori
    cmplwi 3, 8
    bge shape_ori_default
    lis 11, shape_ori_table@h
    slwi 0, 3, 2
    ori 11, 11, shape_ori_table@l
    lwzx 12, 11, 0
    mtctr 12
    bctr
    cases shape_ori
    otherwise shape_ori
    addresses shape_ori

function shape_bytes_of_words
    cmplwi 6, 3, 7
    bgt 6, shape_bytes_of_words_default
    load_address 11, shape_bytes_of_words_table
    lbzx 0, 11, 3
    slwi 0, 0, 2
    load_address 12, shape_bytes_of_words_0
    add 12, 12, 0
    mtctr 12
    bctr
    cases shape_bytes_of_words
    otherwise shape_bytes_of_words
    table shape_bytes_of_words, .byte, shape_bytes_of_words_0, 2

function shape_bytes
    cmplwi 6, 3, 7
    bgt 6, shape_bytes_default
    load_address 11, shape_bytes_table
    lbzx 0, 11, 3
    load_address 12, shape_bytes_0
    add 12, 12, 0
    mtctr 12
    bctr
    cases shape_bytes
    otherwise shape_bytes
    table shape_bytes, .byte, shape_bytes_0

function shape_halfwords
    cmplwi 6, 3, 7
    bgt 6, shape_halfwords_default
    load_address 11, shape_halfwords_table
    slwi 0, 3, 1
    lhzx 0, 11, 0
    load_address 12, shape_halfwords_0
    add 12, 12, 0
    mtctr 12
    bctr
    cases shape_halfwords
    otherwise shape_halfwords
    table shape_halfwords, .short, shape_halfwords_0

// Signed offsets, from the end.
function shape_signed_offsets
    cmplwi 3, 7
    bgt shape_signed_offsets_default
    load_address 11, shape_signed_offsets_table
    add 0, 3, 3
    lhax 0, 11, 0
    load_address 12, shape_signed_offsets_default
    add 12, 12, 0
    mtctr 12
    bctr
    cases shape_signed_offsets
    otherwise shape_signed_offsets
    table shape_signed_offsets, .short, shape_signed_offsets_default

// The same in bytes, from the middle.
function shape_signed_bytes
    cmplwi 3, 7
    bgt shape_signed_bytes_default
    load_address 11, shape_signed_bytes_table
    lbzx 0, 11, 3
    extsb 0, 0
    load_address 12, shape_signed_bytes_4
    add 12, 12, 0
    mtctr 12
    bctr
    cases shape_signed_bytes
    otherwise shape_signed_bytes
    table shape_signed_bytes, .byte, shape_signed_bytes_4

// A table of bytes says which entry of a table of addresses.
function shape_two_tables
    cmplwi 6, 3, 11
    bgt 6, shape_two_tables_default
    load_address 11, shape_two_tables_which
    lbzx 3, 11, 3
    slwi 0, 3, 2
    load_address 11, shape_two_tables_table
    lwzx 0, 11, 0
    mtctr 0
    bctr
    cases shape_two_tables
    otherwise shape_two_tables
    .section .rodata.shape_two_tables_which, "a"
shape_two_tables_which:
    .byte 0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8
    .section .rodata.shape_two_tables, "a"
    .align 2
shape_two_tables_table:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, default
    .long shape_two_tables_\n
    .endr
    .long shape_two_tables // makes sense, but is none of the cases
    .long 0

// No table: code of equal size.
function shape_computed
    cmplwi 3, 7
    bgt shape_computed_default
    slwi 0, 3, 3
    load_address 12, shape_computed_0
    add 12, 12, 0
    mtctr 12
    bctr
    cases shape_computed
    otherwise shape_computed

// The table lies between the jump and the cases, and the default behind it.
function shape_table_in_code
    cmplwi 3, 7
    bgt shape_table_in_code_default
    load_address 11, shape_table_in_code_table
    slwi 0, 3, 2
    lwzx 0, 11, 0
    add 0, 0, 11
    mtctr 0
    bctr
shape_table_in_code_table:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    .long shape_table_in_code_\n - shape_table_in_code_table
    .endr
    otherwise shape_table_in_code
    cases shape_table_in_code

// ---- bounds ---------------------------------------------------------------------------------------

function shape_bgelr
    mr 4, 3
    li 3, 7
    cmplwi 4, 8
    bgelr
    slwi 4, 4, 2
    load_address 11, shape_bgelr_table
    lwzx 0, 11, 4
    mtctr 0
    bctr
    cases shape_bgelr
    otherwise shape_bgelr
    addresses shape_bgelr

function shape_ble
    cmplwi 3, 7
    ble 1f
    li 3, 7
    blr
1:  load_address 11, shape_ble_table
    slwi 0, 3, 2
    lwzx 0, 11, 0
    mtctr 0
    bctr
    cases shape_ble
    otherwise shape_ble
    addresses shape_ble

function shape_signed
    cmpwi 3, 0
    blt shape_signed_default
    cmpwi 3, 7
    bgt shape_signed_default
    slwi 3, 3, 2
    load_address 11, shape_signed_table
    lwzx 0, 11, 3
    mtctr 0
    bctr
    cases shape_signed
    otherwise shape_signed
    addresses shape_signed

function shape_limit_in_register
    li 5, 7
    cmplw 3, 5
    bgt shape_limit_in_register_default
    slwi 3, 3, 2
    load_address 11, shape_limit_in_register_table
    lwzx 0, 11, 3
    mtctr 0
    bctr
    cases shape_limit_in_register
    otherwise shape_limit_in_register
    addresses shape_limit_in_register

// Compared long before the branch, and the index is reached on two ways.
function shape_far_check
    cmplwi 7, 3, 7
    cmpwi 4, 0
    beq 1f
    bgt 7, shape_far_check_default
    andi. 0, 3, 1
    bne 2f
    li 6, 1
    b 3f
2:  li 6, 2
    b 3f
1:  bgt 7, shape_far_check_default
    li 6, 3
3:  add 6, 6, 4
    slwi 0, 3, 2
    load_address 11, shape_far_check_table
    lwzx 0, 11, 0
    mtctr 0
    bctr
    cases shape_far_check
    otherwise shape_far_check
    addresses shape_far_check

// The table's address less the first case, 50: nothing is subtracted from the index itself.
function shape_shifted
    addi 3, 3, 50
    addi 4, 3, -50
    cmplwi 4, 7
    bgt shape_shifted_default
    lis 11, shape_shifted_table - 200@ha
    slwi 0, 3, 2
    addi 11, 11, shape_shifted_table - 200@l
    lwzx 0, 11, 0
    mtctr 0
    bctr
    cases shape_shifted
    otherwise shape_shifted
    addresses shape_shifted

// ---- bounds by masks ------------------------------------------------------------------------------

function masked_clrlwi
    clrlwi 3, 3, 29
    load_address 11, masked_clrlwi_table
    slwi 0, 3, 2
    lwzx 0, 11, 0
    mtctr 0
    bctr
    cases masked_clrlwi
    otherwise masked_clrlwi
    addresses masked_clrlwi
    .long masked_clrlwi_default // not within the mask

function masked_andi
    andi. 3, 3, 7
    load_address 11, masked_andi_table
    lbzx 0, 11, 3
    slwi 0, 0, 2
    load_address 12, masked_andi_0
    add 12, 12, 0
    mtctr 12
    bctr
    cases masked_andi
    otherwise masked_andi
    table masked_andi, .byte, masked_andi_0, 2

function masked_scaled
    rlwinm 3, 3, 2, 27, 29
    load_address 11, masked_scaled_table
    lwzx 0, 11, 3
    add 0, 0, 11
    mtctr 0
    bctr
    cases masked_scaled
    otherwise masked_scaled
    offsets masked_scaled

// ---- bases ----------------------------------------------------------------------------------------

// A loop with a call in it; the base waits in r30, was moved there from r31, and is spilled.
function shape_spilled
    mflr 0
    stwu 1, -32(1)
    stw 0, 36(1)
    stw 31, 28(1)
    stw 30, 24(1)
    stw 29, 20(1)
    load_address 31, shape_spilled_table
    mr 30, 31
    stw 30, 8(1)
    mr 31, 3
    li 29, 3
1:  mr 3, 31
    bl jump_shapes_leaf
    cmplwi 3, 7
    bgt 8f
    lwz 9, 8(1)
    slwi 0, 3, 2
    lwzx 10, 9, 0
    add 10, 10, 9
    mtctr 10
    bctr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
shape_spilled_\n:
    li 3, 100 + \n
    b 9f
    .endr
8:  li 3, 7
9:  li 9, 0
    addic. 29, 29, -1
    bne 1b
    lwz 0, 36(1)
    mtlr 0
    lwz 31, 28(1)
    lwz 30, 24(1)
    lwz 29, 20(1)
    addi 1, 1, 32
    blr
    .size shape_spilled, . - shape_spilled
    offsets shape_spilled

function jump_shapes_leaf
    li 4, 0
    li 9, 0
    li 11, 0
    blr
    .size jump_shapes_leaf, . - jump_shapes_leaf

// Two ways compute the same base.
function shape_agreed
    cmplwi 3, 7
    bgt shape_agreed_default
    andi. 0, 3, 2
    beq 1f
    load_address 11, shape_agreed_table
    b 2f
1:  lis 9, shape_agreed_table@h
    ori 11, 9, shape_agreed_table@l
2:  slwi 0, 3, 2
    lwzx 0, 11, 0
    mtctr 0
    bctr
    cases shape_agreed
    otherwise shape_agreed
    addresses shape_agreed

// The base is a constant in memory.
function shape_loaded
    cmplwi 3, 7
    bgt shape_loaded_default
    lis 9, shape_loaded_pointer@ha
    lwz 11, shape_loaded_pointer@l(9)
    slwi 0, 3, 2
    lwzx 0, 11, 0
    mtctr 0
    bctr
    cases shape_loaded
    otherwise shape_loaded
    addresses shape_loaded
    .section .rodata.shape_loaded_pointer, "a"
    .align 2
shape_loaded_pointer:
    .long shape_loaded_table

// Two jumps through one table.
function shape_shared
    cmplwi 3, 7
    bgt shape_shared_default
    load_address 11, shape_shared_table
    slwi 0, 3, 2
    cmplwi 3, 3
    bgt 1f
    lwzx 0, 11, 0
    mtctr 0
    bctr
1:  lwzx 0, 11, 0
    mtctr 0
    bctr
    cases shape_shared
    otherwise shape_shared
    addresses shape_shared
#endif
