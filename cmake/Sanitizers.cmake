# GUESTRT_SANITIZE applies to the library, the tools and the tests alike.
function(guestrt_sanitize target)
    if(GUESTRT_SANITIZE)
        string(REPLACE ";" "," sanitizers "${GUESTRT_SANITIZE}")
        target_compile_options(${target} PRIVATE -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
        target_link_options(${target} PUBLIC -fsanitize=${sanitizers})
    endif()
endfunction()
