/* elf_format.h - the numbers of the ELF32 format that we use; offsets are in bytes. */
#ifndef GRC_ELF_FORMAT_H
#define GRC_ELF_FORMAT_H

enum {
    ELF_CLASS = 4,
    ELF_DATA = 5,
    ELF_TYPE = 16,
    ELF_MACHINE = 18,
    ELF_ENTRY = 24,
    ELF_PHOFF = 28,
    ELF_SHOFF = 32,
    ELF_PHENTSIZE = 42,
    ELF_PHNUM = 44,
    ELF_SHENTSIZE = 46,
    ELF_SHNUM = 48,
    ELF_SHSTRNDX = 50,
    ELF_HEADER_SIZE = 52,

    ELF_CLASS_32 = 1,
    ELF_DATA_BIG = 2,
    ELF_TYPE_EXECUTABLE = 2,
    ELF_MACHINE_POWERPC = 20,
};

enum { /* program headers */
       PH_OFFSET = 4,
       PH_VADDR = 8,
       PH_FILESZ = 16,
       PH_MEMSZ = 20,
       PH_FLAGS = 24,
       PH_SIZE = 32,

       PT_LOAD = 1,
       PT_DYNAMIC = 2,
       PT_INTERP = 3,
       PF_X = 1,
};

enum { /* section headers */
       SH_TYPE = 4,
       SH_FLAGS = 8,
       SH_ADDR = 12,
       SH_OFFSET = 16,
       SH_SIZE = 20,
       SH_LINK = 24,
       SH_INFO = 28,
       SH_ENTSIZE = 36,
       SH_SIZE_OF_HEADER = 40,

       SHT_NULL = 0,
       SHT_SYMTAB = 2,
       SHT_STRTAB = 3,
       SHT_RELA = 4,
       SHT_NOBITS = 8,
       SHF_ALLOC = 2,
       SHF_EXECINSTR = 4,
};

enum { /* symbols */
       ST_VALUE = 4,
       ST_SIZE = 8,
       ST_INFO = 12,
       ST_SHNDX = 14,
       ST_SIZE_OF_ENTRY = 16,

       STT_NOTYPE = 0,
       STT_FUNC = 2,
       STB_LOCAL = 0,
       SHN_UNDEF = 0,
       SHN_ABS = 0xFFF1,
};

enum { /* relocations */
       RELA_INFO = 4,
       RELA_ADDEND = 8,
       RELA_SIZE = 12,

       R_PPC_ADDR32 = 1,
       R_PPC_ADDR16 = 3,
       R_PPC_ADDR16_LO = 4,
       R_PPC_ADDR16_HI = 5,
       R_PPC_ADDR16_HA = 6,
       R_PPC_UADDR32 = 24,
};

#endif
