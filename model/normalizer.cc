#include "model/normalizer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay {
namespace {

constexpr int kMaxDepth = 8;
constexpr size_t kMaxGrowth = 64;

// Appends `text` to `out`, `content` in the place of each occurrence of `pattern`: leftmost first, without overlap.
void AppendReplaced(absl::string_view text, absl::string_view pattern, absl::string_view content,
                    std::string* out) {
  size_t done = 0;
  for (size_t at = text.find(pattern); at != absl::string_view::npos;
       at = text.find(pattern, done)) {
    out->append(text.data() + done, at - done);
    out->append(content.data(), content.size());
    done = at + pattern.size();
  }
  out->append(text.data() + done, text.size() - done);
}

}  // namespace

absl::StatusOr<Normalizer> Normalizer::Create(const Json* json) {
  Normalizer normalizer;
  if (json == nullptr) return normalizer;
  ASSAY_ASSIGN_OR_RETURN(const JsonFields fields, JsonFields::Of(*json, "normalizer"));
  ASSAY_RETURN_IF_ERROR(normalizer.AddSteps(fields, 0));
  return normalizer;
}

absl::Status Normalizer::AddSteps(const JsonFields& fields, int depth) {
  ASSAY_ASSIGN_OR_RETURN(const std::string type, fields.String("type"));
  if (type == "Replace") return AddReplace(fields);
  if (type == "Prepend") return AddPrepend(fields);
  if (type != "Sequence") {
    return absl::UnimplementedError(
        absl::StrCat(fields.PathOf("type"), ": ", absl::CHexEscape(type)));
  }
  if (depth == kMaxDepth) {
    return absl::UnimplementedError("normalizer: a Sequence nested too deep");
  }
  ASSAY_ASSIGN_OR_RETURN(const Json* parts, fields.Array("normalizers"));
  for (size_t i = 0; i < parts->size(); ++i) {
    const std::string path = absl::StrCat(fields.PathOf("normalizers"), "[", i, "]");
    ASSAY_ASSIGN_OR_RETURN(const JsonFields part, JsonFields::Of((*parts)[i], path));
    ASSAY_RETURN_IF_ERROR(AddSteps(part, depth + 1));
  }
  return absl::OkStatus();
}

absl::Status Normalizer::AddReplace(const JsonFields& fields) {
  ASSAY_ASSIGN_OR_RETURN(const JsonFields pattern, fields.Object("pattern"));
  if (pattern.Has("Regex")) {
    return absl::UnimplementedError(
        absl::StrCat(pattern.PathOf("Regex"), ": only String is known"));
  }
  Step step;
  ASSAY_ASSIGN_OR_RETURN(step.pattern, pattern.String("String"));
  ASSAY_ASSIGN_OR_RETURN(step.content, fields.String("content"));
  if (step.pattern.empty()) {
    return absl::UnimplementedError(absl::StrCat(pattern.PathOf("String"), ": empty"));
  }
  const size_t times = (step.content.size() + step.pattern.size() - 1) / step.pattern.size();
  ASSAY_RETURN_IF_ERROR(CheckGrowth(fields, "content", times));
  growth_ *= std::max<size_t>(times, 1);
  steps_.push_back(std::move(step));
  return absl::OkStatus();
}

absl::Status Normalizer::AddPrepend(const JsonFields& fields) {
  Step step;
  ASSAY_ASSIGN_OR_RETURN(step.content, fields.String("prepend"));
  if (step.content.empty()) return absl::OkStatus();
  ASSAY_RETURN_IF_ERROR(CheckGrowth(fields, "prepend", step.content.size()));
  steps_.push_back(std::move(step));
  return absl::OkStatus();
}

absl::Status Normalizer::CheckGrowth(const JsonFields& fields, absl::string_view key,
                                     size_t times) {
  if (times <= kMaxGrowth / growth_ && steps_.size() < kMaxGrowth) return absl::OkStatus();
  return absl::UnimplementedError(
      absl::StrCat(fields.PathOf(key), ": makes a text more than ", kMaxGrowth, " times as long"));
}

void Normalizer::Apply(absl::string_view text, std::string* out) const {
  out->assign(text.data(), text.size());
  std::string before;
  for (const Step& step : steps_) {
    if (out->empty()) return;
    if (step.pattern.empty()) {
      out->insert(0, step.content);
      continue;
    }
    before.swap(*out);
    out->clear();
    out->reserve(before.size() + before.size() / 2);
    AppendReplaced(before, step.pattern, step.content, out);
  }
}

}  // namespace assay
