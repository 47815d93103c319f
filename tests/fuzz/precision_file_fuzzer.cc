// Any bytes as a precision.json: an error, or figures that agree with each other and survive being written again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "model/precision_file.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequireSense(const assay::ErrorFigures& figures) {
  Require(figures.n > 0 && figures.rms >= 0 && figures.percentile_99 >= 0);
  Require(figures.rms <= figures.largest && figures.percentile_99 <= figures.largest);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = assay::ParsePrecisionFile({reinterpret_cast<const char*>(data), size});
  if (!file.ok()) return 0;
  for (const assay::PrecisionEntry& entry : file->entries) {
    Require(entry.dtype != "float32");
    RequireSense(entry.error.score);
    RequireSense(entry.error.margin);
  }
  const std::string text = assay::DumpPrecisionFile(*file);
  const auto again = assay::ParsePrecisionFile(text);
  Require(again.ok() && assay::DumpPrecisionFile(*again) == text);
  return 0;
}
