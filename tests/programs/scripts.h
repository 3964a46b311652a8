/* scripts.h - the Lua scripts that run.sh embeds. */
#ifndef SCRIPTS_H
#define SCRIPTS_H

typedef struct script {
    const char *name; /* as Lua names chunks: "@file" */
    const char *text, *end;
} script;

extern const script scripts[];
extern const unsigned script_count;

#endif
