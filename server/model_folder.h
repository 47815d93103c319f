// server/model_folder.h
// Where a model is on disk: --model is a folder, or the bare name of one in a few known places.
#ifndef ASSAY_SERVER_MODEL_FOLDER_H_
#define ASSAY_SERVER_MODEL_FOLDER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace assay {

// The folders that hold models by name, first one first: $ASSAY_MODELS; where scripts/build
// prepares them; share/assay/models beside the program's bin/.
std::vector<std::string> ModelPlaces();

// The folders that hold the golden checkpoints by their form, see model/self_test.h, first one
// first: where they lie in the source; share/assay/golden beside the program's bin/.
std::vector<std::string> GoldenPlaces();

// `model` itself where it is a folder; else, for a name without a slash, the first folder of that
// name in `places`.
//   NOT_FOUND  saying where was looked, and what to do.
absl::StatusOr<std::string> FindModelFolder(const std::string& model,
                                            const std::vector<std::string>& places);

}  // namespace assay

#endif  // ASSAY_SERVER_MODEL_FOLDER_H_
