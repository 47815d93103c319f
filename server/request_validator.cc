#include "server/request_validator.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay {
namespace {

// `what` is a whole phrase: "10000 given, at most 1024".
template <typename... Parts>
absl::Status Invalid(absl::string_view path, absl::string_view field, const Parts&... what) {
  return absl::InvalidArgumentError(absl::StrCat(path, field, ": ", what...));
}

absl::Status CheckCount(absl::string_view path, absl::string_view field, int64_t count,
                        int64_t limit) {
  if (count == 0) return Invalid(path, field, "empty; at least 1 is needed");
  if (count > limit) return Invalid(path, field, count, " given, at most ", limit);
  return absl::OkStatus();
}

absl::Status CheckText(absl::string_view path, const std::string& field, const std::string& text,
                       int64_t limit) {
  if (static_cast<int64_t>(text.size()) <= limit) return absl::OkStatus();
  return Invalid(path, field, text.size(), " bytes, at most ", limit);
}

absl::Status CheckRole(absl::string_view path, int index, const std::string& role) {
  if (role == "system" || role == "user" || role == "assistant") return absl::OkStatus();
  return Invalid(path, absl::StrCat("prompt[", index, "].role"), role.empty() ? "empty" : "unknown",
                 "; must be \"system\", \"user\" or \"assistant\"");
}

absl::StatusOr<ReplyDetail> ToDetail(absl::string_view path, int detail) {
  switch (detail) {
    case v1::DETAIL_LEVEL_UNSPECIFIED:
    case v1::DETAIL_LEVEL_SCORE:
      return ReplyDetail::kScore;
    case v1::DETAIL_LEVEL_OBJECTIVES:
      return ReplyDetail::kObjectives;
    default:
      return Invalid(path, "detail", detail, " is no DetailLevel");
  }
}

absl::StatusOr<Truncation> ToTruncation(absl::string_view path, int truncation) {
  switch (truncation) {
    case v1::TRUNCATION_UNSPECIFIED:
    case v1::TRUNCATION_REFUSE:
      return Truncation::kRefuse;
    case v1::TRUNCATION_KEEP_END:
      return Truncation::kKeepEnd;
    case v1::TRUNCATION_KEEP_START:
      return Truncation::kKeepStart;
    default:
      return Invalid(path, "truncation", truncation, " is no Truncation");
  }
}

}  // namespace

absl::Status CheckRequestBytes(int64_t bytes, const RequestLimits& limits) {
  if (bytes <= limits.max_request_bytes) return absl::OkStatus();
  return Invalid("", "request", bytes, " bytes, at most ", limits.max_request_bytes);
}

absl::StatusOr<ValidRequest> ValidateScoreRequest(v1::ScoreRequest request,
                                                  const RequestLimits& limits,
                                                  absl::string_view revision,
                                                  absl::string_view path) {
  if (!request.model_revision().empty() && request.model_revision() != revision) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, "model_revision: not the revision loaded here, which is ", revision));
  }
  ASSAY_RETURN_IF_ERROR(CheckCount(path, "prompt", request.prompt_size(), limits.max_messages));
  ASSAY_RETURN_IF_ERROR(
      CheckCount(path, "responses", request.responses_size(), limits.max_responses));
  if (request.max_tokens() < 0 || request.max_tokens() > limits.max_tokens) {
    return Invalid(path, "max_tokens", request.max_tokens(), " is not in 0..", limits.max_tokens);
  }
  ValidRequest valid;
  ASSAY_ASSIGN_OR_RETURN(valid.detail, ToDetail(path, request.detail()));
  ASSAY_ASSIGN_OR_RETURN(valid.encode.truncation, ToTruncation(path, request.truncation()));
  valid.encode.max_tokens = request.max_tokens();

  valid.prompt.reserve(request.prompt_size());
  for (int i = 0; i < request.prompt_size(); ++i) {
    v1::Message& message = *request.mutable_prompt(i);
    ASSAY_RETURN_IF_ERROR(CheckRole(path, i, message.role()));
    ASSAY_RETURN_IF_ERROR(CheckText(path, absl::StrCat("prompt[", i, "].content"),
                                    message.content(), limits.max_text_bytes));
    valid.prompt.push_back(
        {std::move(*message.mutable_role()), std::move(*message.mutable_content())});
  }
  valid.responses.reserve(request.responses_size());
  for (int i = 0; i < request.responses_size(); ++i) {
    std::string& response = *request.mutable_responses(i);
    ASSAY_RETURN_IF_ERROR(
        CheckText(path, absl::StrCat("responses[", i, "]"), response, limits.max_text_bytes));
    valid.responses.push_back(std::move(response));
  }
  return valid;
}

}  // namespace assay
