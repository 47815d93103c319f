// Any bytes as a safetensors file: an error, or a file that serializes and parses back to the same. What is parsed lies
// inside the bytes, whatever the offsets said.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "model/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto parsed = assay::ParseSafetensors({reinterpret_cast<const char*>(data), size});
  if (!parsed.ok()) return 0;
  for (const assay::SafetensorsEntry& entry : parsed->tensors) {
    if (entry.begin > entry.end || entry.end > parsed->data.size()) std::abort();
  }
  const std::string again = assay::SerializeSafetensors(*parsed);
  const auto reparsed = assay::ParseSafetensors(again);
  if (!reparsed.ok() || *reparsed != *parsed) std::abort();
  return 0;
}
