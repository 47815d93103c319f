#include "server/call_metadata.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "server/tenant_name.h"

namespace assay {
namespace {

constexpr size_t kMaxRequestIdBytes = 128;

bool IsLowerHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return ('0' <= c && c <= '9') || ('a' <= c && c <= 'f'); });
}

bool IsZero(absl::string_view text) { return text.find_first_not_of('0') == text.npos; }

// The one value of `name`; nullopt: none came.
absl::StatusOr<std::optional<absl::string_view>> ValueOf(absl::Span<const MetadataPair> metadata,
                                                         absl::string_view name) {
  std::optional<absl::string_view> found;
  for (const auto& [key, value] : metadata) {
    if (key != name) continue;
    if (found.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": comes twice; send it once"));
    }
    found = value;
  }
  return found;
}

// The tenant that the call's token speaks for.
absl::StatusOr<std::string> Authenticate(absl::Span<const MetadataPair> metadata,
                                         const TokenFile& tokens) {
  ASSAY_ASSIGN_OR_RETURN(const auto value, ValueOf(metadata, "authorization"));
  constexpr absl::string_view kScheme = "Bearer ";
  if (!value.has_value() || !absl::StartsWithIgnoreCase(*value, kScheme)) {
    return absl::UnauthenticatedError(
        "authorization: this server asks for a token: send \"Bearer TOKEN\"");
  }
  std::optional<std::string> tenant = tokens.TenantOf(value->substr(kScheme.size()));
  if (!tenant.has_value()) {
    return absl::UnauthenticatedError(
        "authorization: this server does not know the token: it was mistyped, replaced or "
        "withdrawn");
  }
  return *std::move(tenant);
}

absl::StatusOr<Priority> ParsePriority(absl::string_view value) {
  if (value == "interactive") return Priority::kInteractive;
  if (value == "bulk") return Priority::kBulk;
  return absl::InvalidArgumentError("assay-priority: neither \"interactive\" nor \"bulk\"");
}

// version-trace_id-parent_id-flags. Of a later version its own first four fields are read, and what
// follows them is not.
void ReadTraceparent(absl::string_view value, CallContext* context) {
  constexpr size_t kLength = 55;
  if (value.size() < kLength || value[2] != '-' || value[35] != '-' || value[52] != '-') return;
  const absl::string_view version = value.substr(0, 2);
  const absl::string_view trace_id = value.substr(3, 32);
  const absl::string_view parent_id = value.substr(36, 16);
  if (!IsLowerHex(version) || !IsLowerHex(trace_id) || !IsLowerHex(parent_id) ||
      !IsLowerHex(value.substr(53, 2))) {
    return;
  }
  if (version == "ff" || IsZero(trace_id) || IsZero(parent_id)) return;
  if (value.size() > kLength && (version == "00" || value[kLength] != '-')) return;
  context->trace_id = std::string(trace_id);
  context->span_id = std::string(parent_id);
}

std::string NewRequestId() {
  thread_local absl::BitGen random;
  return absl::StrFormat("%016x%016x", absl::Uniform<uint64_t>(random),
                         absl::Uniform<uint64_t>(random));
}

}  // namespace

absl::StatusOr<CallContext> ReadCallMetadata(absl::Span<const MetadataPair> metadata,
                                             const TokenFile* tokens) {
  CallContext context;
  if (tokens != nullptr) {
    ASSAY_ASSIGN_OR_RETURN(context.tenant, Authenticate(metadata, *tokens));
  }

  ASSAY_ASSIGN_OR_RETURN(const auto tenant, ValueOf(metadata, "assay-tenant"));
  if (tenant.has_value()) {
    if (!IsTenantName(*tenant)) {
      return absl::InvalidArgumentError("assay-tenant: not 1 to 64 of [A-Za-z0-9._-]");
    }
    if (tokens != nullptr && *tenant != context.tenant) {
      return absl::PermissionDeniedError(
          "assay-tenant: the token is another tenant's; send that tenant's own, or no "
          "assay-tenant");
    }
    context.tenant = std::string(*tenant);
  }

  ASSAY_ASSIGN_OR_RETURN(const auto priority, ValueOf(metadata, "assay-priority"));
  if (priority.has_value()) {
    ASSAY_ASSIGN_OR_RETURN(context.priority, ParsePriority(*priority));
  }

  ASSAY_ASSIGN_OR_RETURN(const auto request_id, ValueOf(metadata, "x-request-id"));
  if (request_id.has_value()) {
    const bool printable = std::all_of(request_id->begin(), request_id->end(), [](char c) {
      return absl::ascii_isprint(static_cast<unsigned char>(c));
    });
    if (request_id->empty() || request_id->size() > kMaxRequestIdBytes || !printable) {
      return absl::InvalidArgumentError(absl::StrCat("x-request-id: not 1 to ", kMaxRequestIdBytes,
                                                     " printable ASCII characters"));
    }
  }
  context.request_id = request_id.has_value() ? std::string(*request_id) : NewRequestId();

  const auto traceparent = ValueOf(metadata, "traceparent");
  if (traceparent.ok() && traceparent->has_value()) ReadTraceparent(**traceparent, &context);
  return context;
}

}  // namespace assay
