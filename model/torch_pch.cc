// Carries the precompiled header of torch's tensors for the rooms that use them; see CMakeLists.txt.
