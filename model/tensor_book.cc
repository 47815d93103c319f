#include "model/tensor_book.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace assay {
namespace {

constexpr size_t kNamesInError = 5;

std::string FirstFew(const std::vector<std::string>& names) {
  const size_t shown = std::min(names.size(), kNamesInError);
  std::string text = absl::StrJoin(names.begin(), names.begin() + shown, ", ");
  if (names.size() > shown) absl::StrAppend(&text, " and ", names.size() - shown, " more");
  return text;
}

}  // namespace

const StoredTensor* TensorBook::Take(const std::string& name, const std::vector<int64_t>& shape) {
  const auto it = tensors_.find(name);
  if (it == tensors_.end()) {
    missing_.push_back(name);
    return nullptr;
  }
  taken_.insert(name);
  if (it->second.shape != shape) {
    misshapen_.push_back(absl::StrCat(name, " is ", ShapeString(it->second.shape), ", expected ",
                                      ShapeString(shape)));
    return nullptr;
  }
  return &it->second;
}

absl::Status TensorBook::Finish() const {
  std::vector<std::string> complaints;
  if (!missing_.empty()) complaints.push_back(absl::StrCat("missing: ", FirstFew(missing_)));
  if (!misshapen_.empty()) {
    complaints.push_back(absl::StrCat("of another shape: ", FirstFew(misshapen_)));
  }
  std::vector<std::string> unexpected;
  for (const auto& [name, tensor] : tensors_) {
    if (taken_.count(name) == 0) unexpected.push_back(name);
  }
  if (!unexpected.empty()) {
    complaints.push_back(absl::StrCat("unexpected: ", FirstFew(unexpected)));
  }
  if (complaints.empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the checkpoint's tensors do not fit its config.json; ",
                                          absl::StrJoin(complaints, "; ")));
}

}  // namespace assay
