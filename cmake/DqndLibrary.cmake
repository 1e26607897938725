# dqnd_exclude(LIST patterns...): removes the sources whose path within the current folder, with a
# slash before it, matches a pattern. Where the checkout itself lies must not matter.
function(dqnd_exclude list)
  set(kept)
  foreach(source IN LISTS ${list})
    file(RELATIVE_PATH relative ${CMAKE_CURRENT_SOURCE_DIR} ${source})
    set(keep TRUE)
    foreach(pattern IN LISTS ARGN)
      if("/${relative}" MATCHES ${pattern})
        set(keep FALSE)
      endif()
    endforeach()
    if(keep)
      list(APPEND kept ${source})
    endif()
  endforeach()
  set(${list} ${kept} PARENT_SCOPE)
endfunction()

# dqnd_library(NAME [LINK libraries...] [RECURSE]): the library dqnd_NAME from every source of the
# current folder (with RECURSE, of the folders below it too). One folder, one library.
function(dqnd_library name)
  cmake_parse_arguments(arg "RECURSE" "" "LINK;EXCLUDE" ${ARGN})
  if(arg_RECURSE)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cc)
  else()
    file(GLOB sources CONFIGURE_DEPENDS *.cc)
  endif()
  dqnd_exclude(sources ${arg_EXCLUDE})
  add_library(dqnd_${name} STATIC ${sources})
  target_include_directories(dqnd_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_compile_options(dqnd_${name} PRIVATE ${DQND_WARNINGS})
  target_link_libraries(dqnd_${name} PUBLIC ${arg_LINK})
endfunction()

# dqnd_tests(NAME [LINK libraries...]): the test program NAME_tests from every *.cc of the
# current folder and below, but those whose path matches an EXCLUDE pattern; each of its tests is
# known to ctest.
function(dqnd_tests name)
  cmake_parse_arguments(arg "" "" "LINK;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cc)
  dqnd_exclude(sources ${arg_EXCLUDE})
  add_executable(${name}_tests ${sources})
  target_include_directories(${name}_tests PRIVATE ${PROJECT_SOURCE_DIR})
  # Tests are compiled often and run briefly.
  target_compile_options(${name}_tests PRIVATE ${DQND_WARNINGS} -O1)
  target_link_libraries(${name}_tests PRIVATE ${arg_LINK} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name}_tests NO_PRETTY_VALUES TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT 600 ENVIRONMENT OMP_NUM_THREADS=1)
endfunction()

set(DQND_WARNINGS -Wall -Wextra -Wpedantic -Werror)
