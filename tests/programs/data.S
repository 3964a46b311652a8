/* data.S - the file DATA_FILE as test_data. */
        .section .rodata.test_data, "a"
        .balign 16
        .globl  test_data, test_data_end
test_data:
        .incbin DATA_FILE
test_data_end:
        .byte   0
        .section .note.GNU-stack, "", %progbits
