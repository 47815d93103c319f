#include "base/grpc_status.h"

#include <cstdint>
#include <optional>
#include <string>

#include "assay/internal/rpc_status.pb.h"
#include "base/retry_after.h"
#include "base/utf8.h"

namespace assay {
namespace {

constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";
constexpr int64_t kNanosPerSecond = 1'000'000'000;

// The serialized google.rpc.Status that goes into the trailer grpc-status-details-bin.
std::string DetailsOf(int code, const std::string& message, absl::Duration retry_after) {
  internal::RetryInfo info;
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(retry_after);
  info.mutable_retry_delay()->set_seconds(nanoseconds / kNanosPerSecond);
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(nanoseconds % kNanosPerSecond));
  internal::RpcStatus status;
  status.set_code(code);
  status.set_message(message);
  google::protobuf::Any* detail = status.add_details();
  detail->set_type_url(kRetryInfoUrl);
  detail->set_value(info.SerializeAsString());
  return status.SerializeAsString();
}

std::optional<absl::Duration> RetryAfterIn(const std::string& details) {
  internal::RpcStatus status;
  if (details.empty() || !status.ParseFromString(details)) return std::nullopt;
  for (const google::protobuf::Any& detail : status.details()) {
    internal::RetryInfo info;
    if (detail.type_url() != kRetryInfoUrl || !info.ParseFromString(detail.value())) continue;
    return absl::Seconds(info.retry_delay().seconds()) +
           absl::Nanoseconds(info.retry_delay().nanos());
  }
  return std::nullopt;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  constexpr size_t kMaxMessageBytes = 1024;
  std::string message(status.message().substr(0, kMaxMessageBytes));
  if (const size_t bad = FindInvalidUtf8(message); bad != std::string::npos) message.resize(bad);
  const std::optional<absl::Duration> retry_after = RetryAfter(status);
  const auto code = static_cast<grpc::StatusCode>(status.raw_code());
  if (!retry_after.has_value()) return grpc::Status(code, message);
  return grpc::Status(code, message, DetailsOf(code, message, *retry_after));
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const int code = status.error_code();
  const bool known = code > 0 && code <= static_cast<int>(grpc::StatusCode::UNAUTHENTICATED);
  absl::Status converted(known ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown,
                         status.error_message());
  const std::optional<absl::Duration> retry_after = RetryAfterIn(status.error_details());
  return retry_after.has_value() ? WithRetryAfter(std::move(converted), *retry_after) : converted;
}

}  // namespace assay
