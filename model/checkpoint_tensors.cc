#include "model/checkpoint_tensors.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/sha256.h"
#include "nlohmann/json.hpp"

namespace assay {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr char kIndexFile[] = "model.safetensors.index.json";
constexpr char kExtension[] = ".safetensors";

// Tensor -> name of the file that holds it.
using WeightMap = std::map<std::string, std::string>;

absl::Status Disagreement(absl::string_view tensor, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("tensor \"", tensor, "\": ", what));
}

// Names of the *.safetensors files of `folder`.
absl::StatusOr<std::set<std::string>> FindTensorFiles(const std::string& folder) {
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == kExtension) names.insert(it->path().filename().string());
  }
  if (error) return absl::NotFoundError(absl::StrCat(folder, ": ", error.message()));
  if (names.empty()) return absl::NotFoundError(absl::StrCat(folder, ": no *.safetensors file"));
  return names;
}

absl::StatusOr<WeightMap> ParseIndex(absl::string_view text) {
  const Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  const auto error = [](absl::string_view what) {
    return absl::DataLossError(absl::StrCat(kIndexFile, ": ", what));
  };
  if (json.is_discarded()) return error("not JSON");
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object()) {
    return error("no weight_map");
  }
  WeightMap weight_map;
  for (const auto& [tensor, file] : json["weight_map"].items()) {
    if (!file.is_string()) return Disagreement(tensor, "its file in the index is not a name");
    weight_map[tensor] = file.get<std::string>();
  }
  return weight_map;
}

// The index's weight_map, once it names exactly `files`; nullopt where the folder has no index.
absl::StatusOr<std::optional<WeightMap>> ReadIndex(const std::string& folder,
                                                   const std::set<std::string>& files) {
  auto index = MappedFile::Open(absl::StrCat(folder, "/", kIndexFile));
  if (absl::IsNotFound(index.status())) return std::nullopt;
  if (!index.ok()) return index.status();
  ASSAY_ASSIGN_OR_RETURN(WeightMap weight_map, ParseIndex((*index)->bytes()));
  std::set<std::string> unnamed = files;
  for (const auto& [tensor, file] : weight_map) {
    if (files.count(file) == 0) {
      return Disagreement(tensor, absl::StrCat(kIndexFile, " places it in \"", file,
                                               "\", which is not in the folder"));
    }
    unnamed.erase(file);
  }
  if (!unnamed.empty()) {
    return absl::DataLossError(
        absl::StrCat(*unnamed.begin(), ": in the folder, but not in ", kIndexFile));
  }
  return weight_map;
}

// `found` says where each tensor lies.
absl::Status CheckAgainstIndex(const WeightMap& weight_map, const WeightMap& found) {
  for (const auto& [tensor, file] : weight_map) {
    const auto it = found.find(tensor);
    if (it == found.end()) {
      return Disagreement(tensor,
                          absl::StrCat(kIndexFile, " places it in ", file, ", which lacks it"));
    }
    if (it->second != file) {
      return Disagreement(tensor, absl::StrCat(kIndexFile, " places it in ", file,
                                               ", but it lies in ", it->second));
    }
  }
  for (const auto& [tensor, file] : found) {
    if (weight_map.count(tensor) == 0) {
      return Disagreement(tensor, absl::StrCat("in ", file, ", but not in ", kIndexFile));
    }
  }
  return absl::OkStatus();
}

absl::Status InFile(const std::string& file, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(file, ": ", status.message()));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const CheckpointTensors>> CheckpointTensors::Open(
    const std::string& folder) {
  ASSAY_ASSIGN_OR_RETURN(const std::set<std::string> names, FindTensorFiles(folder));
  ASSAY_ASSIGN_OR_RETURN(const std::optional<WeightMap> index, ReadIndex(folder, names));

  std::vector<std::shared_ptr<const MappedFile>> files;
  std::map<std::string, StoredTensor> tensors;
  WeightMap found;
  for (const std::string& name : names) {
    ASSAY_ASSIGN_OR_RETURN(files.emplace_back(), MappedFile::Open(absl::StrCat(folder, "/", name)));
    auto parsed = ParseSafetensors(files.back()->bytes());
    if (!parsed.ok()) return InFile(name, parsed.status());
    for (SafetensorsEntry& entry : parsed->tensors) {
      const auto [first, is_new] = found.emplace(entry.name, name);
      if (!is_new) {
        return Disagreement(entry.name, absl::StrCat("in ", first->second, " and in ", name));
      }
      tensors[entry.name] = {entry.dtype, std::move(entry.shape),
                             parsed->data.substr(entry.begin, entry.end - entry.begin)};
    }
  }
  if (index.has_value()) ASSAY_RETURN_IF_ERROR(CheckAgainstIndex(*index, found));
  return std::shared_ptr<const CheckpointTensors>(
      new CheckpointTensors(std::move(files), std::move(tensors)));
}

std::string CheckpointTensors::Hash(const StoredTensor& tensor) const {
  {
    MutexLock lock(&mu_);
    if (const auto known = hashes_.find(&tensor); known != hashes_.end()) return known->second;
  }
  std::string hash = Sha256Hex(tensor.bytes);
  MutexLock lock(&mu_);
  return hashes_.emplace(&tensor, std::move(hash)).first->second;
}

void CheckpointTensors::ReleasePages(const StoredTensor& tensor) const {
  MappedFile::ReleasePages(tensor.bytes);
}

std::string CheckpointTensors::WeightsHash(int threads) const {
  std::vector<const StoredTensor*> work;
  for (const auto& [name, tensor] : tensors_) work.push_back(&tensor);
  std::atomic<size_t> next = 0;
  std::vector<std::thread> workers;
  for (int i = 0; i < std::min<int>(threads, work.size()); ++i) {
    workers.emplace_back([&] {
      for (size_t at = next++; at < work.size(); at = next++) Hash(*work[at]);
    });
  }
  for (std::thread& worker : workers) worker.join();

  Sha256 total;
  for (const auto& [name, tensor] : tensors_) {
    total.Update(absl::StrCat(name.size(), ":", name, " ", DtypeName(tensor.dtype), " ",
                              ShapeString(tensor.shape), " ", Hash(tensor), "\n"));
  }
  return total.HexDigest();
}

}  // namespace assay
