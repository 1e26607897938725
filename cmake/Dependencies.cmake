# What dqnd needs from outside. Debian's packages come from apt (tools/dependencies/debian.txt; `./dev
# setup` installs them); LibTorch, ALE and the Python originals that tests compare with come from
# PyPI into build/deps, which all presets share and a second configure finds in place.
set(DQND_DEPS ${PROJECT_SOURCE_DIR}/build/deps)

function(dqnd_fetch what)
  execute_process(COMMAND ${PROJECT_SOURCE_DIR}/tools/dependencies/fetch ${what} ${DQND_DEPS}
                  RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "tools/dependencies/fetch ${what} failed; its own lines above say why")
  endif()
endfunction()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(lz4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED)
# Before LibTorch, whose wheel carries an older protobuf.
find_package(Protobuf REQUIRED)
find_package(gRPC REQUIRED CONFIG)
if(BUILD_TESTING)
  find_package(GTest REQUIRED)
  include(GoogleTest)
  if(DQND_TRAINER)
    dqnd_fetch(originals)
    set(DQND_PYTHON ${DQND_DEPS}/originals/bin/python)
  endif()
endif()
if(DQND_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()

if(DQND_TRAINER)
  # LibTorch, linked file by file: its own CMake package would add Python's folders to the RPATH, and
  # its include folders carry older protobuf and newer fmt headers that must come after Debian's.
  if(NOT Torch_DIR AND DEFINED ENV{Torch_DIR})
    set(Torch_DIR $ENV{Torch_DIR})
  endif()
  if(NOT Torch_DIR)
    dqnd_fetch(torch)
    set(Torch_DIR ${DQND_DEPS}/torch/torch/share/cmake/Torch)
  endif()
  get_filename_component(DQND_TORCH_ROOT ${Torch_DIR}/../../.. ABSOLUTE)
  if(NOT EXISTS ${DQND_TORCH_ROOT}/include/ATen/ATen.h)
    message(FATAL_ERROR "Torch_DIR is ${Torch_DIR}, but ${DQND_TORCH_ROOT}/include/ATen/ATen.h is not there. "
                        "Give <site-packages>/torch/share/cmake/Torch, or unset it to let pip fetch LibTorch.")
  endif()
  add_library(dqnd_torch INTERFACE)
  add_library(dqnd::torch ALIAS dqnd_torch)
  target_compile_options(dqnd_torch INTERFACE
    "SHELL:-idirafter ${DQND_TORCH_ROOT}/include"
    "SHELL:-idirafter ${DQND_TORCH_ROOT}/include/torch/csrc/api/include")
  target_link_directories(dqnd_torch INTERFACE ${DQND_TORCH_ROOT}/lib)
  target_link_options(dqnd_torch INTERFACE -Wl,-rpath,${DQND_TORCH_ROOT}/lib)
  target_link_libraries(dqnd_torch INTERFACE torch_cpu c10 Threads::Threads)
endif()

if(DQND_WITH_ALE)
  # By its own CMake package, which misses the folder above its headers.
  dqnd_fetch(ale)
  find_package(ale REQUIRED CONFIG PATHS ${DQND_DEPS}/ale NO_DEFAULT_PATH)
  set(DQND_ROM_DIRECTORY ${DQND_DEPS}/ale/roms)
  add_library(dqnd_ale INTERFACE)
  add_library(dqnd::ale ALIAS dqnd_ale)
  target_link_libraries(dqnd_ale INTERFACE ale::ale-lib)
  target_include_directories(dqnd_ale SYSTEM INTERFACE ${DQND_DEPS}/ale/include)
  target_link_options(dqnd_ale INTERFACE -Wl,-rpath,${DQND_DEPS}/ale/lib)
endif()
