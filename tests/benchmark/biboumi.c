/* SPDX-License-Identifier: MPL-2.0 */
/* Gives biboumi's database the indexes that it lacks: with settings of thousands of users each
 * look-up reads a whole table, and what is measured shall be the gateway. SQLite is there because
 * biboumi needs it; the driver loads it at run time rather than depend on it. */
#include <dlfcn.h>
#include <string.h>

#include "gateway.h"

static const char index_sql[] =
    "CREATE INDEX IF NOT EXISTS bench_server ON ircserveroptions_(owner_, server_);"
    "CREATE INDEX IF NOT EXISTS bench_global ON globaloptions_(owner_);"
    "CREATE INDEX IF NOT EXISTS bench_channel ON ircchanneloptions_(owner_, server_, channel_);"
    "CREATE INDEX IF NOT EXISTS bench_roster ON roster(remote, local);"
    "CREATE INDEX IF NOT EXISTS bench_commands ON after_connection_commands_(fk_);"
    "ANALYZE;";

/* The three functions of <sqlite3.h>. */
struct sqlite {
    int (*open)(const char *path, void **db);
    int (*exec)(void *db, const char *sql, int (*row)(void *, int, char **, char **), void *arg,
                char **error);
    int (*close)(void *db);
};

/* An object pointer from dlsym as a function pointer, without a cast (POSIX dlsym). */
static bool symbol_load(void *library, const char *name, void *out)
{
    void *symbol = dlsym(library, name);

    memcpy(out, &symbol, sizeof symbol);
    return symbol != NULL;
}

bool biboumi_index(const char *path)
{
    void *library = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
    struct sqlite sqlite;
    void *db = NULL;
    bool done;

    if (!library)
        return false;
    done = symbol_load(library, "sqlite3_open", &sqlite.open) &&
           symbol_load(library, "sqlite3_exec", &sqlite.exec) &&
           symbol_load(library, "sqlite3_close", &sqlite.close);
    if (done) {
        done = sqlite.open(path, &db) == 0 && sqlite.exec(db, index_sql, NULL, NULL, NULL) == 0;
        sqlite.close(db);
    }
    dlclose(library);
    return done;
}
