#include "server/model_folder.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

bool IsFolder(const fs::path& path) {
  std::error_code ignored;  // What cannot be looked at is no folder to load from.
  return fs::is_directory(path, ignored);
}

// Adds share/assay/`name` beside the program's bin/.
void AddInstalled(const char* name, std::vector<std::string>* places) {
  std::error_code unreadable;
  const fs::path program = fs::read_symlink("/proc/self/exe", unreadable);
  if (unreadable) return;
  places->push_back((program.parent_path().parent_path() / "share/assay" / name).string());
}

}  // namespace

std::vector<std::string> ModelPlaces() {
  std::vector<std::string> places;
  if (const char* from_environment = std::getenv("ASSAY_MODELS"); from_environment != nullptr) {
    places.emplace_back(from_environment);
  }
  places.emplace_back(ASSAY_MODELS_DIR);
  AddInstalled("models", &places);
  return places;
}

std::vector<std::string> GoldenPlaces() {
  std::vector<std::string> places = {ASSAY_GOLDEN_DIR};
  AddInstalled("golden", &places);
  return places;
}

absl::StatusOr<std::string> FindModelFolder(const std::string& model,
                                            const std::vector<std::string>& places) {
  if (!model.empty() && IsFolder(model)) return model;
  const bool is_name = !model.empty() && model.find('/') == std::string::npos;
  if (!is_name) return absl::NotFoundError(absl::StrCat("model: \"", model, "\" is no folder"));
  for (const std::string& place : places) {
    const fs::path folder = fs::path(place) / model;
    if (IsFolder(folder)) return folder.string();
  }
  return absl::NotFoundError(absl::StrCat("model: \"", model, "\" is no folder, here or in ",
                                          absl::StrJoin(places, ", "),
                                          ". Give --model the path of a checkpoint folder, or run "
                                          "scripts/build, which prepares armorm-mini"));
}

}  // namespace assay
