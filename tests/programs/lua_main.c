/*
 * lua_main.c - the Lua interpreter running embedded scripts, each in a state of its own.
 *
 * print() writes to the part's output; everything else is Lua's.
 */
#include "parts.h"
#include "scripts.h"
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdlib.h>

static part_output *output_of(lua_State *state)
{
    return *(part_output **)lua_getextraspace(state);
}

static int print(lua_State *state)
{
    int count = lua_gettop(state);
    for (int i = 1; i <= count; i++) {
        size_t size;
        const char *text = luaL_tolstring(state, i, &size);
        if (i > 1)
            part_write(output_of(state), "\t", 1);
        part_write(output_of(state), text, size);
        lua_pop(state, 1);
    }
    part_write(output_of(state), "\n", 1);
    return 0;
}

static void open_libraries(lua_State *state)
{
    static const luaL_Reg libraries[] = {
        {LUA_GNAME, luaopen_base},       {LUA_COLIBNAME, luaopen_coroutine},
        {LUA_TABLIBNAME, luaopen_table}, {LUA_STRLIBNAME, luaopen_string},
        {LUA_MATHLIBNAME, luaopen_math}, {LUA_UTF8LIBNAME, luaopen_utf8},
        {LUA_DBLIBNAME, luaopen_debug},
    };
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        luaL_requiref(state, libraries[i].name, libraries[i].func, 1);
        lua_pop(state, 1);
    }
    lua_register(state, "print", print);
}

static void run_script(unsigned index, part_output *output)
{
    const script *mine = &scripts[index];
    lua_State *state = luaL_newstate();
    if (!state) {
        output->failed = 1;
        return;
    }
    *(part_output **)lua_getextraspace(state) = output;
    open_libraries(state);
    if (luaL_loadbuffer(state, mine->text, (size_t)(mine->end - mine->text), mine->name) !=
            LUA_OK ||
        lua_pcall(state, 0, 0, 0) != LUA_OK) {
        part_printf(output, "error: %s\n", lua_tostring(state, -1));
        output->failed = 1;
    }
    lua_close(state);
}

int main(void)
{
    return run_parts(script_count, run_script);
}
