#include "client/connection_options.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace assay::client {
namespace {

// A server counts more frequent pings as an attack and closes the connection.
constexpr absl::Duration kShortestKeepalive = absl::Seconds(5);

bool ConsistsOf(absl::string_view text, absl::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains(others, c);
  });
}

bool IsIpv4Loopback(absl::string_view host) {
  const std::vector<absl::string_view> parts = absl::StrSplit(host, '.');
  return parts.size() == 4 && parts[0] == "127" &&
         std::all_of(parts.begin(), parts.end(), [](absl::string_view part) {
           int value;
           return absl::SimpleAtoi(part, &value) && value >= 0 && value <= 255;
         });
}

}  // namespace

absl::Status ConnectionOptions::Validate(const std::string& address) const {
  if (tls_certificate.empty() != tls_key.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(tls_key.empty()
                                                       ? "tls_certificate is set without tls_key"
                                                       : "tls_key is set without tls_certificate",
                                                   ": a client's certificate needs both"));
  }
  for (const auto& [field, value] : {std::pair("tls_certificate", tls_certificate),
                                     std::pair("tls_server_name", tls_server_name)}) {
    if (tls_ca.empty() && !value.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(field,
                       " is set without tls_ca: name the file of the authority that the server's "
                       "certificate is of, or \"system\""));
    }
  }
  // The characters of RFC 6750; others would break the call without a word about the token.
  if (!ConsistsOf(token, "-._~+/=")) {
    return absl::InvalidArgumentError("token: not of [A-Za-z0-9-._~+/=]");
  }
  if (tenant.size() > 64 || !ConsistsOf(tenant, "._-")) {
    return absl::InvalidArgumentError("tenant: not 1 to 64 of [A-Za-z0-9._-]");
  }
  if (keepalive_time < kShortestKeepalive || keepalive_time == absl::InfiniteDuration()) {
    return absl::InvalidArgumentError(absl::StrCat("keepalive_time is ",
                                                   absl::FormatDuration(keepalive_time),
                                                   "; it must be finite and at least 5s"));
  }
  if (keepalive_timeout <= absl::ZeroDuration() || keepalive_timeout == absl::InfiniteDuration()) {
    return absl::InvalidArgumentError(absl::StrCat("keepalive_timeout is ",
                                                   absl::FormatDuration(keepalive_timeout),
                                                   "; it must be finite and above 0"));
  }
  if (!token.empty() && tls_ca.empty() && !insecure && !IsLoopbackTarget(address)) {
    return absl::FailedPreconditionError(
        absl::StrCat("the token would travel in the clear to ", address,
                     ": set tls_ca, or add --insecure where the network itself is trusted"));
  }
  return absl::OkStatus();
}

std::vector<std::pair<std::string, std::string>> ConnectionOptions::Metadata() const {
  std::vector<std::pair<std::string, std::string>> metadata;
  if (!token.empty()) metadata.emplace_back("authorization", absl::StrCat("Bearer ", token));
  if (!tenant.empty()) metadata.emplace_back("assay-tenant", tenant);
  if (priority == Priority::kBulk) metadata.emplace_back("assay-priority", "bulk");
  return metadata;
}

bool IsLoopbackTarget(const std::string& address) {
  if (absl::StartsWith(address, "unix:")) return true;
  absl::string_view rest = address;
  for (const char* scheme : {"dns:///", "dns:", "ipv4:", "ipv6:"}) {
    if (absl::ConsumePrefix(&rest, scheme)) break;
  }
  // "ipv4:127.0.0.1:1,10.0.0.1:1" is two servers.
  if (absl::StrContains(rest, ',')) return false;
  if (absl::StartsWith(rest, "[::1]")) return rest.size() == 5 || rest[5] == ':';
  const absl::string_view host = rest.substr(0, rest.find(':'));
  return host == "localhost" || IsIpv4Loopback(host);
}

absl::StatusOr<std::string> ReadTokenFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file.is_open()) {
    return absl::NotFoundError(absl::StrCat("token_file: ", path, " cannot be read"));
  }
  const std::string token(absl::StripAsciiWhitespace(text.str()));
  if (token.empty() || token.find_first_of(" \t\r\n") != token.npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("token_file: ", path, " does not hold one line with a token alone"));
  }
  return token;
}

}  // namespace assay::client
