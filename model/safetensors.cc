#include "model/safetensors.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "nlohmann/json.hpp"

namespace assay {
namespace {

using Json = nlohmann::json;

constexpr size_t kLengthBytes = 8;
constexpr char kMetadataKey[] = "__metadata__";

struct DtypeRow {
  TensorDtype dtype;
  absl::string_view name;
  size_t bytes;
};
constexpr std::array<DtypeRow, 3> kDtypes = {{{TensorDtype::kBFloat16, "BF16", 2},
                                              {TensorDtype::kFloat16, "F16", 2},
                                              {TensorDtype::kFloat32, "F32", 4}}};

uint64_t LoadLittleEndian(absl::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) value |= uint64_t{uint8_t(bytes[i])} << (8 * i);
  return value;
}

std::string StoreLittleEndian(uint64_t value) {
  std::string bytes;
  for (size_t i = 0; i < kLengthBytes; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
  return bytes;
}

const DtypeRow& RowOf(TensorDtype dtype) { return kDtypes[static_cast<size_t>(dtype)]; }

absl::Status HeaderError(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("safetensors header: ", what));
}

absl::Status TensorError(absl::string_view name, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("tensor \"", name, "\": ", what));
}

// JSON text -> value, refusing a key that occurs twice in one object: the parser alone would keep the last.
absl::StatusOr<Json> ParseJsonWithUniqueKeys(absl::string_view text) {
  std::vector<std::set<std::string>> keys_of_open_objects;
  std::optional<std::string> duplicate;
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) keys_of_open_objects.emplace_back();
    if (event == Json::parse_event_t::object_end) keys_of_open_objects.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& key = value.get_ref<const std::string&>();
      if (!keys_of_open_objects.back().insert(key).second && !duplicate) duplicate = key;
    }
    return true;
  };
  Json json = Json::parse(text.begin(), text.end(), watch, /*allow_exceptions=*/false);
  if (json.is_discarded()) return HeaderError("not JSON");
  if (duplicate) return HeaderError(absl::StrCat("key \"", *duplicate, "\" occurs twice"));
  return json;
}

// A JSON number as a size; nullopt for anything but an integer in 0..2^63-1.
std::optional<int64_t> AsSize(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() &&
      value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return std::nullopt;
  }
  const int64_t size = value.get<int64_t>();
  if (size < 0) return std::nullopt;
  return size;
}

absl::StatusOr<TensorDtype> ParseDtype(const std::string& tensor, const Json& value) {
  if (!value.is_string()) return TensorError(tensor, "dtype is not a string");
  const auto& name = value.get_ref<const std::string&>();
  for (const DtypeRow& row : kDtypes) {
    if (row.name == name) return row.dtype;
  }
  return absl::UnimplementedError(
      absl::StrCat("tensor \"", tensor, "\": dtype \"", name, "\"; BF16, F16 and F32 are known"));
}

// Bytes of the tensor by its shape; nullopt where that overflows.
std::optional<size_t> BytesOf(const SafetensorsEntry& entry) {
  size_t bytes = DtypeBytes(entry.dtype);
  for (int64_t extent : entry.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<size_t>(extent), &bytes)) return std::nullopt;
  }
  return bytes;
}

absl::StatusOr<SafetensorsEntry> ParseEntry(const std::string& name, const Json& value) {
  if (!value.is_object()) return TensorError(name, "not an object");
  for (const char* key : {"dtype", "shape", "data_offsets"}) {
    if (!value.contains(key)) return TensorError(name, absl::StrCat("no ", key));
  }
  if (value.size() != 3) return TensorError(name, "keys other than dtype, shape, data_offsets");

  SafetensorsEntry entry;
  entry.name = name;
  ASSAY_ASSIGN_OR_RETURN(entry.dtype, ParseDtype(name, value["dtype"]));
  if (!value["shape"].is_array()) return TensorError(name, "shape is not a list");
  for (const Json& extent : value["shape"]) {
    const std::optional<int64_t> size = AsSize(extent);
    if (!size) return TensorError(name, "shape holds something else than sizes");
    entry.shape.push_back(*size);
  }
  const Json& offsets = value["data_offsets"];
  const bool is_pair = offsets.is_array() && offsets.size() == 2;
  const std::optional<int64_t> begin = is_pair ? AsSize(offsets[0]) : std::nullopt;
  const std::optional<int64_t> end = is_pair ? AsSize(offsets[1]) : std::nullopt;
  if (!begin || !end) return TensorError(name, "data_offsets is not a pair of sizes");
  entry.begin = static_cast<size_t>(*begin);
  entry.end = static_cast<size_t>(*end);
  if (entry.begin > entry.end) return TensorError(name, "data_offsets end before they begin");
  const std::optional<size_t> bytes = BytesOf(entry);
  if (!bytes || *bytes != entry.end - entry.begin) {
    return TensorError(
        name, absl::StrCat("data_offsets span ", entry.end - entry.begin, " bytes, but ",
                           DtypeName(entry.dtype), " of shape ", ShapeString(entry.shape),
                           " takes ", bytes ? absl::StrCat(*bytes) : "more than any file"));
  }
  return entry;
}

absl::StatusOr<std::map<std::string, std::string>> ParseMetadata(const Json& value) {
  if (!value.is_object()) return HeaderError("__metadata__ is not an object");
  std::map<std::string, std::string> metadata;
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) return HeaderError("__metadata__ holds something else than strings");
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

// The format demands that the tensors, in order of their offsets, cover the data from its first byte to its last.
absl::Status CheckCoverage(const std::vector<SafetensorsEntry>& tensors, size_t data_bytes) {
  size_t covered = 0;
  for (const SafetensorsEntry& entry : tensors) {
    if (entry.begin != covered) {
      return TensorError(entry.name,
                         absl::StrCat("begins at byte ", entry.begin, ", ",
                                      entry.begin < covered ? "inside" : "behind a hole after",
                                      " the tensor before it, which ends at ", covered));
    }
    covered = entry.end;
    if (covered > data_bytes) {
      return TensorError(entry.name, absl::StrCat("ends at byte ", covered, ", but the file holds ",
                                                  data_bytes, " bytes of data; it is cut short"));
    }
  }
  if (covered != data_bytes) {
    return absl::DataLossError(absl::StrCat("safetensors data: ", data_bytes - covered,
                                            " bytes at the end belong to no tensor"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view DtypeName(TensorDtype dtype) { return RowOf(dtype).name; }

size_t DtypeBytes(TensorDtype dtype) { return RowOf(dtype).bytes; }

std::string ShapeString(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

absl::StatusOr<SafetensorsFile> ParseSafetensors(absl::string_view file) {
  if (file.size() < kLengthBytes) return HeaderError("the file is shorter than 8 bytes");
  const uint64_t header_bytes = LoadLittleEndian(file);
  file.remove_prefix(kLengthBytes);
  if (header_bytes > kMaxSafetensorsHeaderBytes) {
    return HeaderError(absl::StrCat("length ", header_bytes, " is above the format's limit of ",
                                    kMaxSafetensorsHeaderBytes));
  }
  if (header_bytes > file.size()) {
    return HeaderError(absl::StrCat("length ", header_bytes, ", but only ", file.size(),
                                    " bytes follow; the file is cut short"));
  }
  const absl::string_view text = file.substr(0, header_bytes);
  if (text.empty() || text.front() != '{') return HeaderError("does not begin with {");
  ASSAY_ASSIGN_OR_RETURN(const Json header, ParseJsonWithUniqueKeys(text));

  SafetensorsFile parsed;
  parsed.data = file.substr(header_bytes);
  for (const auto& [name, value] : header.items()) {
    if (name == kMetadataKey) {
      ASSAY_ASSIGN_OR_RETURN(parsed.metadata, ParseMetadata(value));
    } else {
      ASSAY_ASSIGN_OR_RETURN(SafetensorsEntry entry, ParseEntry(name, value));
      parsed.tensors.push_back(std::move(entry));
    }
  }
  // By end as well, so that a tensor without elements comes before its neighbour with the same beginning.
  std::sort(parsed.tensors.begin(), parsed.tensors.end(), [](const auto& a, const auto& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  ASSAY_RETURN_IF_ERROR(CheckCoverage(parsed.tensors, parsed.data.size()));
  return parsed;
}

std::string SerializeSafetensors(const SafetensorsFile& file) {
  Json header = Json::object();
  if (!file.metadata.empty()) header[kMetadataKey] = file.metadata;
  for (const SafetensorsEntry& entry : file.tensors) {
    header[entry.name] = {{"dtype", std::string(DtypeName(entry.dtype))},
                          {"shape", entry.shape},
                          {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // So that the data begin at a multiple of 8.
  return absl::StrCat(StoreLittleEndian(text.size()), text, file.data);
}

}  // namespace assay
