// The release of FreeBSD a program is made for, which the kernel reads to know how to treat it. FreeBSD's
// crtbrand.S brings this note, but in a section group, and the linker drops that with unused sections.
    .section .note.tag, "a", %note
    .p2align 2
    .4byte 8, 4, 1 // lengths of name and value; NT_FREEBSD_ABI_TAG (sys/elf_common.h)
    .asciz "FreeBSD"
    .4byte 1400097 // __FreeBSD_version of 14.0
    .section .note.GNU-stack, "", %progbits
