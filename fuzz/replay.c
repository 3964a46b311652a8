/* replay.c - runs a fuzz target over the files given as arguments, without libFuzzer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_LIMIT = 1 << 20 };

int main(int argc, char **argv)
{
    uint8_t *bytes = malloc(FILE_LIMIT);
    for (int i = 1; bytes && i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file) {
            perror(argv[i]);
            return 1;
        }
        size_t size = fread(bytes, 1, FILE_LIMIT, file);
        fclose(file);
        LLVMFuzzerTestOneInput(bytes, size);
    }
    free(bytes);
    printf("%d files\n", argc - 1);
    return bytes && argc > 1 ? 0 : 1;
}
