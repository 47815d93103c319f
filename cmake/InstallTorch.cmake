# Run by `cmake --install`, with `programs`, `opened` (libraries opened at run time), `wheels` (the folder of torch's wheels) and
# `strip` set: copies what they link, directly or not, out of the wheels into lib/. The wheels' libraries look beside themselves.
file(GET_RUNTIME_DEPENDENCIES
     EXECUTABLES ${programs}
     LIBRARIES ${opened}
     RESOLVED_DEPENDENCIES_VAR linked
     UNRESOLVED_DEPENDENCIES_VAR missing
     POST_INCLUDE_REGEXES "^${wheels}/"
     POST_EXCLUDE_REGEXES ".*")
list(REMOVE_ITEM missing libcuda.so.1)  # The driver's, which the machine brings.
if(missing)
  message(FATAL_ERROR "not found, but needed: ${missing}")
endif()
file(INSTALL ${linked} ${opened} DESTINATION ${CMAKE_INSTALL_PREFIX}/lib USE_SOURCE_PERMISSIONS FOLLOW_SYMLINK_CHAIN)
if(CMAKE_INSTALL_DO_STRIP)
  foreach(library ${linked} ${opened})
    file(REAL_PATH ${library} library)
    get_filename_component(name ${library} NAME)
    if(library MATCHES "/torch/lib/")  # NVIDIA's are shipped as they are.
      execute_process(COMMAND ${strip} --strip-unneeded $ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/lib/${name} COMMAND_ERROR_IS_FATAL ANY)
    endif()
  endforeach()
endif()
