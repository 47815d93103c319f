// Any bytes as a request, of a call and of a stream: an error that names a field in printable text, or a request that
// survives being written again; and validated, an error of that kind or values within the limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "base/utf8.h"
#include "server/request_decoder.h"
#include "server/request_validator.h"

namespace {

constexpr assay::RequestLimits kLimits = {.max_tokens = 4096,
                                          .max_messages = 4,
                                          .max_responses = 4,
                                          .max_text_bytes = 32,
                                          .max_request_bytes = 4096};

void Require(bool holds) {
  if (!holds) std::abort();
}

// As in "request.prompt[3].role: ...": foreign bytes never get into the message.
void RequireNamesAField(const absl::Status& status) {
  Require(status.code() == absl::StatusCode::kInvalidArgument ||
          status.code() == absl::StatusCode::kFailedPrecondition);
  const absl::string_view message = status.message();
  const size_t end = message.find(": ");
  Require(end != absl::string_view::npos && end > 0 && absl::ascii_islower(message[0]));
  for (const char c : message.substr(0, end)) {
    Require(absl::ascii_islower(c) || absl::ascii_isdigit(c) ||
            absl::string_view("._[] ").find(c) != absl::string_view::npos);
  }
  for (const char c : message) Require(absl::ascii_isprint(c));
}

void RequireText(const std::string& text) {
  Require(static_cast<int64_t>(text.size()) <= kLimits.max_text_bytes);
  Require(assay::FindInvalidUtf8(text) == std::string::npos);
}

void CheckValidated(assay::v1::ScoreRequest request, absl::string_view path) {
  const auto valid = assay::ValidateScoreRequest(std::move(request), kLimits, "revision", path);
  if (!valid.ok()) {
    Require(valid.status().message().substr(0, path.size()) == path);
    return RequireNamesAField(valid.status());
  }
  Require(!valid->prompt.empty() && valid->prompt.size() <= 4);
  Require(!valid->responses.empty() && valid->responses.size() <= 4);
  for (const assay::Message& message : valid->prompt) {
    Require(message.role == "system" || message.role == "user" || message.role == "assistant");
    RequireText(message.content);
  }
  for (const std::string& response : valid->responses) RequireText(response);
  Require(0 <= valid->encode.max_tokens && valid->encode.max_tokens <= kLimits.max_tokens);
}

void CheckCall(absl::string_view bytes) {
  absl::StatusOr<assay::v1::ScoreRequest> request = assay::DecodeScoreRequest(bytes);
  if (!request.ok()) return RequireNamesAField(request.status());
  const std::string written = request->SerializeAsString();
  const auto again = assay::DecodeScoreRequest(written);
  Require(again.ok() && again->SerializeAsString() == written);
  CheckValidated(*std::move(request), "");
}

void CheckStreamed(absl::string_view bytes) {
  assay::DecodedStreamRequest streamed = assay::DecodeScoreStreamRequest(bytes);
  Require(streamed.request_id.size() <= 128);
  Require(assay::FindInvalidUtf8(streamed.request_id) == std::string::npos);
  if (!streamed.request.ok()) return RequireNamesAField(streamed.request.status());
  assay::v1::ScoreStreamRequest whole;
  whole.set_request_id(streamed.request_id);
  *whole.mutable_request() = *streamed.request;
  const assay::DecodedStreamRequest again =
      assay::DecodeScoreStreamRequest(whole.SerializeAsString());
  Require(again.request_id == streamed.request_id && again.request.ok());
  Require(again.request->SerializeAsString() == streamed.request->SerializeAsString());
  CheckValidated(*std::move(streamed.request), "request.");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckCall(bytes);
  CheckStreamed(bytes);
  return 0;
}
