#include "model/precision_file.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "model/json_fields.h"
#include "model/mapped_file.h"

namespace assay {
namespace {

constexpr int64_t kFormat = 1;
constexpr double kMostError = std::numeric_limits<double>::max();
constexpr char kReference[] = "float32";

auto KeyOf(const PrecisionEntry& entry) { return std::tie(entry.dtype, entry.heads, entry.device); }

absl::StatusOr<ErrorFigures> ParseFigures(const JsonFields& fields) {
  ErrorFigures figures;
  ASSAY_ASSIGN_OR_RETURN(figures.n, fields.Integer("n", 1, std::numeric_limits<int64_t>::max()));
  ASSAY_ASSIGN_OR_RETURN(figures.largest, fields.Number("largest", 0, kMostError));
  ASSAY_ASSIGN_OR_RETURN(figures.percentile_99, fields.Number("percentile_99", 0, figures.largest));
  ASSAY_ASSIGN_OR_RETURN(figures.rms, fields.Number("rms", 0, figures.largest));
  return figures;
}

absl::StatusOr<PrecisionEntry> ParseEntry(const JsonFields& fields) {
  PrecisionEntry entry;
  ASSAY_ASSIGN_OR_RETURN(entry.dtype, fields.String("dtype"));
  if (entry.dtype == kReference) {
    return absl::DataLossError(
        absl::StrCat(fields.PathOf("dtype"), ": ", kReference, " is the reference"));
  }
  ASSAY_ASSIGN_OR_RETURN(entry.heads, fields.String("heads"));
  ASSAY_ASSIGN_OR_RETURN(entry.device, fields.String("device"));
  ASSAY_ASSIGN_OR_RETURN(entry.error.measured_on, fields.String("measured_on"));
  ASSAY_ASSIGN_OR_RETURN(const Json* data, fields.Array("data"));
  for (const Json& name : *data) {
    if (!name.is_string()) {
      return absl::DataLossError(absl::StrCat(fields.PathOf("data"), ": not an array of strings"));
    }
    entry.error.data.push_back(name.get<std::string>());
  }
  ASSAY_ASSIGN_OR_RETURN(const JsonFields score, fields.Object("score"));
  ASSAY_ASSIGN_OR_RETURN(entry.error.score, ParseFigures(score));
  ASSAY_ASSIGN_OR_RETURN(const JsonFields margin, fields.Object("margin"));
  ASSAY_ASSIGN_OR_RETURN(entry.error.margin, ParseFigures(margin));
  return entry;
}

nlohmann::ordered_json FiguresJson(const ErrorFigures& figures) {
  return {{"n", figures.n},
          {"largest", figures.largest},
          {"percentile_99", figures.percentile_99},
          {"rms", figures.rms}};
}

}  // namespace

std::string PrecisionPath(absl::string_view folder) {
  return absl::StrCat(folder, "/precision.json");
}

std::string DeviceKind(absl::string_view devices) {
  std::string common;
  for (absl::string_view device : absl::StrSplit(devices, ',')) {
    const absl::string_view kind = device.substr(0, device.find(':'));
    if (!common.empty() && kind != common) return "";
    common = std::string(kind);
  }
  return common;
}

absl::StatusOr<PrecisionFile> ParsePrecisionFile(absl::string_view json) {
  ASSAY_ASSIGN_OR_RETURN(const Json document, ParseJson(json, "the document"));
  ASSAY_ASSIGN_OR_RETURN(const JsonFields root, JsonFields::Of(document, ""));
  ASSAY_RETURN_IF_ERROR(root.Integer("format", kFormat, kFormat).status());
  PrecisionFile file;
  ASSAY_ASSIGN_OR_RETURN(file.weights_hash, root.String("weights_hash"));
  ASSAY_ASSIGN_OR_RETURN(file.config_hash, root.String("config_hash"));
  ASSAY_ASSIGN_OR_RETURN(const Json* entries, root.Array("measurements"));
  for (size_t i = 0; i < entries->size(); ++i) {
    const std::string path = absl::StrCat("measurements[", i, "]");
    ASSAY_ASSIGN_OR_RETURN(const JsonFields fields, JsonFields::Of((*entries)[i], path));
    ASSAY_ASSIGN_OR_RETURN(PrecisionEntry entry, ParseEntry(fields));
    for (const PrecisionEntry& other : file.entries) {
      if (KeyOf(other) == KeyOf(entry)) {
        return absl::DataLossError(absl::StrCat(path, ": a second one of ", entry.dtype, ", ",
                                                entry.heads, " heads, ", entry.device));
      }
    }
    file.entries.push_back(std::move(entry));
  }
  return file;
}

std::string DumpPrecisionFile(const PrecisionFile& file) {
  using Ordered = nlohmann::ordered_json;
  Ordered json = {
      {"format", kFormat}, {"weights_hash", file.weights_hash}, {"config_hash", file.config_hash}};
  Ordered& entries = json["measurements"] = Ordered::array();
  for (const PrecisionEntry& entry : file.entries) {
    entries.push_back({{"dtype", entry.dtype},
                       {"heads", entry.heads},
                       {"device", entry.device},
                       {"measured_on", entry.error.measured_on},
                       {"data", entry.error.data},
                       {"score", FiguresJson(entry.error.score)},
                       {"margin", FiguresJson(entry.error.margin)}});
  }
  return json.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

PrecisionFile MergePrecision(PrecisionFile fresh, const PrecisionFile& old) {
  if (old.weights_hash == fresh.weights_hash && old.config_hash == fresh.config_hash) {
    for (const PrecisionEntry& entry : old.entries) {
      const bool replaced =
          std::any_of(fresh.entries.begin(), fresh.entries.end(),
                      [&](const PrecisionEntry& other) { return KeyOf(other) == KeyOf(entry); });
      if (!replaced) fresh.entries.push_back(entry);
    }
  }
  std::sort(fresh.entries.begin(), fresh.entries.end(),
            [](const PrecisionEntry& a, const PrecisionEntry& b) { return KeyOf(a) < KeyOf(b); });
  return fresh;
}

absl::StatusOr<std::optional<PrecisionFile>> ReadPrecisionFile(const std::string& path) {
  const auto named = [&path](const absl::Status& status) {
    return absl::DataLossError(absl::StrCat(path, ": ", status.message()));
  };
  const auto file = MappedFile::Open(path);
  if (absl::IsNotFound(file.status())) return std::nullopt;
  if (!file.ok()) return named(file.status());
  absl::StatusOr<PrecisionFile> parsed = ParsePrecisionFile((*file)->bytes());
  if (!parsed.ok()) return named(parsed.status());
  return *std::move(parsed);
}

absl::Status WritePrecisionFile(const std::string& path, const PrecisionFile& file) {
  // Written beside its place and renamed, so that a half-written file is never read.
  const std::string fresh = absl::StrCat(path, ".new");
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << DumpPrecisionFile(file);
  out.close();
  std::error_code failed;
  if (out.good()) std::filesystem::rename(fresh, path, failed);
  if (out.good() && !failed) return absl::OkStatus();
  std::error_code ignored;  // What is left of a write that failed is no matter.
  std::filesystem::remove(fresh, ignored);
  return absl::PermissionDeniedError(absl::StrCat(path, ": cannot be written"));
}

absl::StatusOr<std::optional<ScoreError>> FindScoreError(const std::string& folder,
                                                         const ModelInfo& info) {
  if (info.dtype == kReference) return ScoreError{};
  const std::string path = PrecisionPath(folder);
  ASSAY_ASSIGN_OR_RETURN(const std::optional<PrecisionFile> file, ReadPrecisionFile(path));
  if (!file.has_value()) return std::nullopt;
  if (file->weights_hash != info.weights_hash || file->config_hash != info.config_hash) {
    return absl::FailedPreconditionError(
        absl::StrCat(path,
                     ": measured on other weights or another config.json than those beside "
                     "it; run assay-precision again"));
  }
  const std::string kind = DeviceKind(info.device);
  for (const PrecisionEntry& entry : file->entries) {
    if (entry.dtype == info.dtype && entry.heads == info.heads && entry.device == kind) {
      return entry.error;
    }
  }
  return std::nullopt;
}

}  // namespace assay
