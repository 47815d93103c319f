# Compiler, flags and output folders, for our own code only.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# Dev: fast enough to run the model, assertions on, line numbers for stack traces.
set(CMAKE_CXX_FLAGS_DEV "-O2 -gline-tables-only" CACHE STRING "" FORCE)
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG" CACHE STRING "" FORCE)

find_program(ASSAY_CCACHE ccache)
if(ASSAY_CCACHE)
  # Precompiled headers are cached too, so time stamps must not count; another clone of the project hits the same cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=true ${ASSAY_CCACHE})
endif()

# Several hundred test programs are linked.
find_program(ASSAY_LLD ld.lld)
if(ASSAY_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  add_link_options(-fuse-ld=lld)
endif()
# One precompiled header serves programs with gRPC, which asks for it, and without.
add_compile_options(-pthread)

add_library(assay_warnings INTERFACE)
# Designated initialisers leave the other members to their defaults on purpose; g++ 12's -Wrestrict errs on string sums.
target_compile_options(assay_warnings INTERFACE -Wall -Wextra -Werror -Wno-sign-compare
                       -Wno-missing-field-initializers $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
                       $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
if(ASSAY_SANITIZE)
  add_compile_options(-fsanitize=${ASSAY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ASSAY_SANITIZE})
endif()
