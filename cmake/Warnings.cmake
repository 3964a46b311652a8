# The warnings every target is built with; errors when guestrt is the top-level project.
function(guestrt_warnings target)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes
        -Wwrite-strings -Wvla -Wundef
        $<$<BOOL:${GUESTRT_WERROR}>:-Werror>)
endfunction()
