// model/safetensors.h
// The safetensors file format: its header parsed and every rule of the format checked, so that the tensors' bytes can be
// used without another look. Foreign bytes may hold anything; no input aborts or reads outside. Pure functions.
// Source: the format's own README (github.com/huggingface/safetensors): 8 bytes little-endian header length, the header
// in JSON, then the tensors' bytes, row-major and little-endian.
#ifndef ASSAY_MODEL_SAFETENSORS_H_
#define ASSAY_MODEL_SAFETENSORS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace assay {

enum class TensorDtype { kBFloat16, kFloat16, kFloat32 };

// As the format spells it: "BF16", "F16", "F32".
absl::string_view DtypeName(TensorDtype dtype);
size_t DtypeBytes(TensorDtype dtype);

// "[2, 3]"; "[]" for a single number.
std::string ShapeString(const std::vector<int64_t>& shape);

struct SafetensorsEntry {
  std::string name;
  TensorDtype dtype;
  std::vector<int64_t> shape;  // Each >= 0; empty for a single number.
  size_t begin = 0;  // Within SafetensorsFile::data; end - begin = elements x DtypeBytes().
  size_t end = 0;

  bool operator==(const SafetensorsEntry&) const = default;
};

struct SafetensorsFile {
  std::vector<SafetensorsEntry>
      tensors;  // In order of their bytes, which they cover without gap or overlap.
  std::map<std::string, std::string> metadata;  // The header's __metadata__.
  absl::string_view data;                       // A view of the bytes given to ParseSafetensors().

  bool operator==(const SafetensorsFile&) const = default;
};

// Longest header accepted, in bytes; the format's own limit.
inline constexpr size_t kMaxSafetensorsHeaderBytes = 100'000'000;

// Parses a whole file.
//   DATA_LOSS      a rule of the format is broken; the tensor is named where it is about one.
//   UNIMPLEMENTED  a tensor of another dtype; names both.
absl::StatusOr<SafetensorsFile> ParseSafetensors(absl::string_view file);

// The file's bytes: ParseSafetensors(SerializeSafetensors(file)) gives `file` back. Requires a `file` that keeps the
// format's rules.
std::string SerializeSafetensors(const SafetensorsFile& file);

}  // namespace assay

#endif  // ASSAY_MODEL_SAFETENSORS_H_
