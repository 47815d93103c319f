# The CUDA kernels as a shared library of their own, where nvcc is found; without it the build is the same but for that
# library, and programs do its work with torch's operators. nvcc is called by hand: CMake's own support for the language
# wants a toolkit to be complete and would pass the project's C++ flags on.
option(ASSAY_CUDA "Build the CUDA kernels where nvcc is found" ON)
set(ASSAY_CUDA_ARCHITECTURES "80;90;100" CACHE STRING "Compute capabilities to build for; those that nvcc lacks are left out")

set(ASSAY_CUDA_LIBRARY "")
if(ASSAY_CUDA)
  file(GLOB from_wheels ${CMAKE_SOURCE_DIR}/.deps/nvcc-*/nvidia/cu*)  # scripts/lib/install.sh
  find_program(ASSAY_NVCC nvcc HINTS ENV CUDA_PATH PATHS /usr/local/cuda ${from_wheels} PATH_SUFFIXES bin)
endif()
if(ASSAY_CUDA AND ASSAY_NVCC)
  execute_process(COMMAND ${ASSAY_NVCC} --list-gpu-arch OUTPUT_VARIABLE known ERROR_QUIET)
  set(ASSAY_CUDA_FLAGS "")
  foreach(architecture ${ASSAY_CUDA_ARCHITECTURES})
    if(known MATCHES "compute_${architecture}\n")
      list(APPEND ASSAY_CUDA_FLAGS -gencode=arch=compute_${architecture},code=sm_${architecture})
      set(newest ${architecture})
    endif()
  endforeach()
  if(newest)
    # Cards newer than all of them compile this form themselves.
    list(APPEND ASSAY_CUDA_FLAGS -gencode=arch=compute_${newest},code=compute_${newest})
    set(ASSAY_CUDA_LIBRARY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/libassay_cuda_kernels.so)
  endif()
endif()

# It is looked for beside the program that opens it; tests are one folder away.
list(APPEND CMAKE_BUILD_RPATH "$ORIGIN" "$ORIGIN/../bin")

if(ASSAY_CUDA_LIBRARY)
  message(STATUS "CUDA kernels: by ${ASSAY_NVCC}")
else()
  message(STATUS "CUDA kernels: not built (no nvcc, or ASSAY_CUDA is off)")
endif()
