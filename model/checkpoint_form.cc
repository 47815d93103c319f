#include "model/checkpoint_form.h"

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace assay {
namespace {

struct Form {
  const char* trunk_prefix;
  const char* scalar_head;
};

constexpr std::array<Form, 2> kForms = {
    {{"model.", "score.weight"}, {"transformer.", "v_head.weight"}}};

// Name of a tensor that begins with `prefix`; empty where there is none.
std::string FirstWithPrefix(const std::map<std::string, StoredTensor>& tensors,
                            const char* prefix) {
  const auto first = tensors.lower_bound(prefix);
  return first != tensors.end() && absl::StartsWith(first->first, prefix) ? first->first : "";
}

// Which of two alternatives is there, by a tensor of each; the first where neither is.
absl::StatusOr<size_t> ChooseOne(const std::array<std::string, 2>& present) {
  if (!present[0].empty() && !present[1].empty()) {
    return absl::DataLossError(absl::StrCat("the checkpoint's tensors are of two forms: \"",
                                            present[0], "\" and \"", present[1], "\""));
  }
  return present[1].empty() ? 0 : 1;
}

}  // namespace

absl::Status AdoptCheckpointForm(const std::map<std::string, StoredTensor>& tensors,
                                 ModelConfig* config) {
  std::array<std::string, 2> trunks, heads;
  for (size_t i = 0; i < kForms.size(); ++i) {
    trunks[i] = FirstWithPrefix(tensors, kForms[i].trunk_prefix);
    if (tensors.count(kForms[i].scalar_head) > 0) heads[i] = kForms[i].scalar_head;
  }
  const absl::StatusOr<size_t> trunk = ChooseOne(trunks);
  if (!trunk.ok()) return trunk.status();
  const absl::StatusOr<size_t> head = ChooseOne(heads);
  if (!head.ok()) return head.status();
  if (config->head_kind == HeadKind::kGated) {
    if (*trunk == 0) return absl::OkStatus();
    return absl::UnimplementedError(absl::StrCat("a gated head over \"", trunks[*trunk],
                                                 "\" is not supported, only over model.*"));
  }
  const bool has_head = !heads[*head].empty();
  if (has_head && *head != *trunk) {
    return absl::UnimplementedError(
        absl::StrCat("\"", heads[*head], "\" over a trunk named ", kForms[*trunk].trunk_prefix,
                     "* is not supported: where its reward is read is not known"));
  }
  // Without a head, whichever the trunk's form has will be missed. The value head's class does not look at labels.
  if (*trunk == 0 && config->num_labels != 1) {
    return absl::UnimplementedError(
        absl::StrCat("num_labels is ", config->num_labels, "; a reward model has one label"));
  }
  config->trunk_prefix = kForms[*trunk].trunk_prefix;
  config->scalar_head = kForms[*trunk].scalar_head;
  return absl::OkStatus();
}

}  // namespace assay
