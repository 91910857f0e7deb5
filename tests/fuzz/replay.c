/* SPDX-License-Identifier: MPL-2.0 */
/* Runs a fuzz target over the files of a folder, so that every input that once broke something is
 * part of the normal test run and of any compiler's sanitizers. */
#include <dirent.h>

#include "sojourn/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REPLAY_FILE_MAX (16 * 1024 * 1024)

static bool replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    /* A buffer of just the right size: reading past the end is a fault that sanitizers see. */
    bool done = fseek(file, 0, SEEK_END) == 0;
    long size = done ? ftell(file) : -1;
    rewind(file);
    if (size >= 0 && size <= REPLAY_FILE_MAX) {
        uint8_t *data = sj_malloc((size_t)size);
        done = fread(data, 1, (size_t)size, file) == (size_t)size;
        if (done)
            LLVMFuzzerTestOneInput(data, (size_t)size);
        sj_free(data);
    }
    fclose(file);
    return done && size >= 0;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (!dir) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    unsigned count = 0;
    bool failed = false;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        fprintf(stderr, "%s\n", entry->d_name);
        failed = !replay_file(path) || failed;
        count++;
    }
    closedir(dir);
    if (count == 0)
        fprintf(stderr, "no file in %s\n", argv[1]);
    return failed || count == 0;
}
