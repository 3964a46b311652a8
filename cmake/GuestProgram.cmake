# guestrt_add_guest(name SOURCES file... [OPTIONS option...] [LINUX])
#
# Builds name.elf for the console in the current binary directory, as part of the default target; with
# LINUX also name.linux.elf, the same program for qemu-ppc. OPTIONS go to the cross compiler.
set(GUESTRT_GUEST_CC_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/../scripts/guest-cc)
find_program(GUESTRT_GUEST_COMPILER powerpc-linux-gnu-gcc DOC "The PowerPC cross compiler for guest programs")

function(guestrt_add_guest name)
    cmake_parse_arguments(GUEST "LINUX" "" "SOURCES;OPTIONS" ${ARGN})
    if(NOT GUESTRT_GUEST_COMPILER)
        message(WARNING "Guest program ${name} is left out: there is no PowerPC cross compiler (gcc-powerpc-linux-gnu)")
        return()
    endif()
    list(TRANSFORM GUEST_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ REGEX "^[^/]")
    get_filename_component(root ${GUESTRT_GUEST_CC_SCRIPT}/../.. ABSOLUTE)
    file(GLOB_RECURSE library CONFIGURE_DEPENDS ${root}/guest/*.[chS] ${root}/guest/guest.ld
        ${root}/include/guestrt/exports/*.def)
    set(compile ${CMAKE_COMMAND} -E env GUESTRT_GUEST_LIBRARY=${PROJECT_BINARY_DIR}/guest
        GUESTRT_GUEST_CC=${GUESTRT_GUEST_COMPILER} ${GUESTRT_GUEST_CC_SCRIPT})
    set(outputs ${name}.elf)
    set(commands COMMAND ${compile} ${GUEST_OPTIONS} -o ${name}.elf ${GUEST_SOURCES})
    if(GUEST_LINUX)
        list(APPEND outputs ${name}.linux.elf)
        list(APPEND commands COMMAND ${compile} --linux ${GUEST_OPTIONS} -o ${name}.linux.elf ${GUEST_SOURCES})
    endif()
    add_custom_command(OUTPUT ${outputs} ${commands}
        DEPENDS ${GUEST_SOURCES} ${library} ${GUESTRT_GUEST_CC_SCRIPT} ${root}/include/guestrt/exports.def
        COMMENT "Building guest program ${name}" VERBATIM)
    add_custom_target(guest_${name} ALL DEPENDS ${outputs})
endfunction()
