// model/precision_file.h
// precision.json of a checkpoint folder: how far each dtype's scores lie from float32's, as assay-precision measured it.
// The file holds the hashes of the weights and the config that it is about, so that a stale one is never believed.
// Decides what the file means, not how the figures come about (score_error.h). Thread-safe: only functions.
#ifndef ASSAY_MODEL_PRECISION_FILE_H_
#define ASSAY_MODEL_PRECISION_FILE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/types.h"

namespace assay {

// One measurement. Its key is dtype, heads and kind of device: there is one of each key in a file.
struct PrecisionEntry {
  std::string
      dtype;  // As ModelInfo::dtype; never "float32", which the others are measured against.
  std::string heads;   // As ModelInfo::heads.
  std::string device;  // Its kind, see DeviceKind().
  ScoreError error;    // score.n and margin.n are > 0.
};

struct PrecisionFile {
  std::string weights_hash;  // As in ModelInfo.
  std::string config_hash;
  std::vector<PrecisionEntry> entries;
};

// "DIR/precision.json".
std::string PrecisionPath(absl::string_view folder);

// "cpu" for "cpu", "cuda" for "cuda:0"; of a list with commas the kind that all have, "" where they differ.
std::string DeviceKind(absl::string_view devices);

//   DATA_LOSS  not such a file: the key is named.
absl::StatusOr<PrecisionFile> ParsePrecisionFile(absl::string_view json);

// The text of the file. Parsing gives the same again.
std::string DumpPrecisionFile(const PrecisionFile& file);

// `fresh`, and what `old` knows of the same weights and config under other keys. Entries are in order of their keys.
PrecisionFile MergePrecision(PrecisionFile fresh, const PrecisionFile& old);

// The file at `path`; nullopt where there is none.
//   DATA_LOSS  it is not such a file, or cannot be read; it is named.
absl::StatusOr<std::optional<PrecisionFile>> ReadPrecisionFile(const std::string& path);

// Replaces the file at `path` in one step.
//   PERMISSION_DENIED  it cannot be written; nothing changed.
absl::Status WritePrecisionFile(const std::string& path, const PrecisionFile& file);

// What the folder's file says of `info`'s dtype, heads and device; all zero for float32. nullopt where there is no file,
// or it does not say.
//   DATA_LOSS            the file is damaged; it is named.
//   FAILED_PRECONDITION  the file is about other weights or another config than `info`'s; it is named.
absl::StatusOr<std::optional<ScoreError>> FindScoreError(const std::string& folder,
                                                         const ModelInfo& info);

}  // namespace assay

#endif  // ASSAY_MODEL_PRECISION_FILE_H_
