# `cmake --install`: programs, the libraries of torch's wheel that they open, armorm-mini, the golden checkpoints and licence
# texts, under one prefix that may be moved. Debian's libraries are left to its packages: Dockerfile names them.
set(ASSAY_LICENCES share/doc/assay)

set(programs assay assay-forward assay-precision assay-server)
set_target_properties(${programs} PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")
install(TARGETS ${programs} RUNTIME DESTINATION bin)

# What is opened at run time where torch's form is CUDA's; what these link follows from them. model/devices.cc opens
# libtorch_cuda.so; torch opens libcaffe2_nvrtc.so to ask for a context before it pins memory; libcudnn.so.9 opens
# libcudnn_graph.so.9 to say its version, by which torch chooses an attention kernel.
set(opened "")
get_filename_component(wheels ${ASSAY_TORCH_DIR} DIRECTORY)
if(EXISTS ${wheels}/nvidia/cudnn)
  set(opened ${ASSAY_TORCH_DIR}/lib/libtorch_cuda.so ${ASSAY_TORCH_DIR}/lib/libcaffe2_nvrtc.so
             ${wheels}/nvidia/cudnn/lib/libcudnn_graph.so.9)
  if(ASSAY_CUDA_LIBRARY)
    install(PROGRAMS ${ASSAY_CUDA_LIBRARY} DESTINATION lib)
  endif()
endif()
list(TRANSFORM programs REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE program_files)
install(CODE "set(programs \"${program_files}\")
set(opened \"${opened}\")
set(wheels \"${wheels}\")
set(strip \"${CMAKE_STRIP}\")")
install(SCRIPT ${CMAKE_CURRENT_LIST_DIR}/InstallTorch.cmake)

# Where server/model_folder.cc looks.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/.deps/models/armorm-mini DESTINATION share/assay/models)
foreach(form gated scalar starling)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/tests/golden/${form} DESTINATION share/assay/golden)
endforeach()

install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${ASSAY_LICENCES})
install(FILES ${CMAKE_SOURCE_DIR}/data/README.md DESTINATION ${ASSAY_LICENCES} RENAME armorm-mini.md)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/data/licenses/ DESTINATION ${ASSAY_LICENCES}/data)
# In the programs without a library of their own, whose package would bring the text.
foreach(package nlohmann-json3-dev libcli11-dev)
  install(FILES /usr/share/doc/${package}/copyright DESTINATION ${ASSAY_LICENCES}/${package} OPTIONAL)
endforeach()
# Each wheel's texts; of one that does not list them, what it says of itself.
file(GLOB abouts RELATIVE ${wheels} ${wheels}/torch-*.dist-info ${wheels}/nvidia_*.dist-info)
foreach(about ${abouts})
  string(REGEX REPLACE "-[^-]*\\.dist-info$" "" wheel ${about})
  if(EXISTS ${wheels}/${about}/licenses)
    install(DIRECTORY ${wheels}/${about}/licenses/ DESTINATION ${ASSAY_LICENCES}/${wheel})
  else()
    install(FILES ${wheels}/${about}/METADATA DESTINATION ${ASSAY_LICENCES}/${wheel})
  endif()
endforeach()
file(GLOB others RELATIVE ${wheels}/nvidia ${wheels}/nvidia/*/LICENSE*)
foreach(other ${others})
  get_filename_component(library ${other} DIRECTORY)
  install(FILES ${wheels}/nvidia/${other} DESTINATION ${ASSAY_LICENCES}/${library})
endforeach()
