# libtorch from the PyPI wheel, as targets of our own: torch's package file wants a CUDA toolkit even for its CPU half.
set(ASSAY_TORCH_DIR "" CACHE PATH "The wheel's torch folder (holds include/ and lib/)")
if(NOT ASSAY_TORCH_DIR)
  # A CUDA form is preferred where both were installed.
  file(GLOB candidates ${CMAKE_SOURCE_DIR}/.deps/torch-*-cuda/torch ${CMAKE_SOURCE_DIR}/.deps/torch-*-cpu/torch)
  if(candidates)
    list(GET candidates 0 ASSAY_TORCH_DIR)
  endif()
endif()
if(NOT EXISTS ${ASSAY_TORCH_DIR}/lib/libtorch_cpu.so)
  message(FATAL_ERROR "libtorch not found: run scripts/build, which installs it, or set ASSAY_TORCH_DIR")
endif()
message(STATUS "libtorch: ${ASSAY_TORCH_DIR}")

add_library(torch_c10 SHARED IMPORTED)
set_target_properties(torch_c10 PROPERTIES IMPORTED_LOCATION ${ASSAY_TORCH_DIR}/lib/libc10.so)
add_library(torch_cpu SHARED IMPORTED)
set_target_properties(torch_cpu PROPERTIES IMPORTED_LOCATION ${ASSAY_TORCH_DIR}/lib/libtorch_cpu.so)

add_library(torch INTERFACE)
# Last in the search order: torch carries its own fmt, which must not replace spdlog's.
target_compile_options(torch INTERFACE "SHELL:-idirafter ${ASSAY_TORCH_DIR}/include"
                       "SHELL:-idirafter ${ASSAY_TORCH_DIR}/include/torch/csrc/api/include")
target_link_libraries(torch INTERFACE torch_cpu torch_c10)
# The CPU library names symbols of CUDA's runtime that only its CUDA half calls.
target_link_options(torch INTERFACE -Wl,--allow-shlib-undefined)
