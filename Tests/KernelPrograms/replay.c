// Runs compiled programs that the tests wrote as files (ProgramImage.swift says how) and prints a line a file and number
// of threads: the hash of the variables after all runs. Fails where it is not the one the file expects.
//
//     replay IMAGE... scalar|avx2|avx512|neon
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "telos_kernels.h"

typedef struct {
    uint64_t mark, runs, hash;
    uint64_t instructions, instruction_count;
    uint64_t variables, variable_count;
    uint64_t pointers, pointer_count;
    uint64_t size;
} image_head;

typedef struct {
    uint64_t offset, bytes;
} variable;

/// The file in memory, its pointers made to point; the caller frees it.
static char *load(const char *path) {
    FILE *file = fopen(path, "rb");
    image_head head;
    if (!file || fread(&head, sizeof head, 1, file) != 1 || head.mark != 0x3130474D49534C54ULL) {
        fprintf(stderr, "%s: not an image of a program\n", path);
        exit(1);
    }
    rewind(file);
    char *image = aligned_alloc(64, head.size);
    if (!image || fread(image, 1, head.size, file) != head.size) {
        fprintf(stderr, "%s: shorter than it says\n", path);
        exit(1);
    }
    fclose(file);
    const uint64_t *slots = (const uint64_t *)(image + head.pointers);
    for (uint64_t i = 0; i < head.pointer_count; ++i) {
        uint64_t offset;
        memcpy(&offset, image + slots[i], sizeof offset);
        char *pointer = image + offset;
        memcpy(image + slots[i], &pointer, sizeof pointer);
    }
    return image;
}

static int replay(const char *path, telos_isa form, int threads) {
    char *image = load(path);
    const image_head *head = (const image_head *)image;
    const telos_instruction *instructions = (const telos_instruction *)(image + head->instructions);
    for (uint64_t run = 0; run < head->runs; ++run) {
        telos_execute(form, instructions, head->instruction_count, threads);
    }
    const variable *variables = (const variable *)(image + head->variables);
    uint64_t hash = 0;
    for (uint64_t i = 0; i < head->variable_count; ++i) {
        hash = telos_hash(image + variables[i].offset, variables[i].bytes, hash);
    }
    const char *name = strrchr(path, '/');
    printf("%s: %llu runs, %d thread(s), hash %016llx\n", name ? name + 1 : path, (unsigned long long)head->runs,
           threads, (unsigned long long)hash);
    const int differs = hash != head->hash;
    if (differs) {
        fprintf(stderr, "%s, %s, %d thread(s): hash %016llx, not %016llx\n", path, telos_isa_name(form), threads,
                (unsigned long long)hash, (unsigned long long)head->hash);
    }
    free(image);
    return differs;
}

int main(int argc, char **argv) {
    for (int i = 0; i < 4 && argc > 2; ++i) {
        const telos_isa form = (telos_isa)i;
        if (strcmp(argv[argc - 1], telos_isa_name(form)) != 0) continue;
        if (!telos_isa_available(form)) {
            fprintf(stderr, "this machine cannot run the form %s\n", argv[argc - 1]);
            return 3;
        }
        int differs = 0;
        for (int image = 1; image < argc - 1; ++image) {
            for (int threads = 1; threads <= 2; ++threads) differs |= replay(argv[image], form, threads);
        }
        return differs;
    }
    fprintf(stderr, "usage: replay IMAGE... scalar|avx2|avx512|neon\n");
    return 2;
}
