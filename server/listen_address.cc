#include "server/listen_address.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace assay {
namespace {

bool IsIpv4Loopback(absl::string_view host) {
  const std::vector<absl::string_view> parts = absl::StrSplit(host, '.');
  if (parts.size() != 4 || parts[0] != "127") return false;
  for (absl::string_view part : parts) {
    int value;
    if (!absl::SimpleAtoi(part, &value) || value < 0 || value > 255) return false;
  }
  return true;
}

}  // namespace

std::string ListenAddress::ToString() const { return absl::StrCat(host, ":", port); }

bool ListenAddress::IsLoopback() const {
  return host == "localhost" || host == "[::1]" || IsIpv4Loopback(host);
}

absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text, absl::string_view field) {
  const size_t colon = text.rfind(':');
  ListenAddress address;
  if (colon != absl::string_view::npos && absl::SimpleAtoi(text.substr(colon + 1), &address.port) &&
      address.port >= 0 && address.port <= 65535) {
    address.host = std::string(text.substr(0, colon));
    const bool bracketed =
        address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']';
    if (bracketed ||
        (!address.host.empty() && address.host.find_first_of(":[]") == std::string::npos)) {
      return address;
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      field, ": \"", text,
      "\" is not HOST:PORT with a port of 0 to 65535 (an IPv6 address goes in brackets)"));
}

}  // namespace assay
