# zs_add_test(NAME SOURCE... LIBS LIB... [LABELS LABEL...]): one CTest entry for one file of tests, written
# with GLib's test framework. Without LABELS it belongs to `quick`, the daily loop.
function(zs_add_test name)
    cmake_parse_arguments(T "" "" "LIBS;LABELS" ${ARGN})
    add_executable(${name} ${T_UNPARSED_ARGUMENTS})
    target_link_libraries(${name} PRIVATE zs_flags ${T_LIBS} PkgConfig::GLIB)
    target_compile_definitions(${name} PRIVATE ZS_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    if(NOT T_LABELS)
        set(T_LABELS quick)
    endif()
    add_test(NAME ${name} COMMAND ${name} -k)
    set_tests_properties(${name} PROPERTIES LABELS "${T_LABELS}" TIMEOUT 900)
endfunction()

# zs_add_fuzz(NAME SOURCE... LIBS LIB... [CORPUS DIR] [OPTIONS OPTION...]): a libFuzzer target. Its short run is a test of label
# `fuzz`; a long one is `build/asan-clang/tests/fuzz/NAME DIR`. Without ZS_FUZZ there is nothing to build.
function(zs_add_fuzz name)
    if(NOT ZS_FUZZ)
        return()
    endif()
    cmake_parse_arguments(F "" "CORPUS" "LIBS;OPTIONS" ${ARGN})
    add_executable(${name} ${F_UNPARSED_ARGUMENTS})
    target_link_libraries(${name} PRIVATE zs_flags ${F_LIBS} PkgConfig::GLIB)
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_test(NAME ${name} COMMAND ${name} -max_total_time=${ZS_FUZZ_SECONDS} -rss_limit_mb=2048
             -timeout=10 -print_final_stats=1 ${F_OPTIONS} ${F_CORPUS})
    set_tests_properties(${name} PROPERTIES LABELS fuzz)
endfunction()
