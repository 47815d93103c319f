// Carries the precompiled header of test programs; see CMakeLists.txt.
int main() {}
