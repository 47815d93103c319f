#include "client/addresses.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace assay::client {
namespace {

bool IsIpTarget(absl::string_view address) {
  return absl::StartsWith(address, "ipv4:") || absl::StartsWith(address, "ipv6:");
}

bool HasScheme(absl::string_view address) {
  if (IsIpTarget(address) || absl::StrContains(address, "://")) return true;
  return absl::StartsWith(address, "dns:") || absl::StartsWith(address, "unix:");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitAddresses(absl::string_view text) {
  std::vector<std::string> addresses;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const absl::string_view address = absl::StripAsciiWhitespace(part);
    if (address.empty()) {
      return absl::InvalidArgumentError("the address is empty; expected HOST:PORT");
    }
    if (!addresses.empty() && IsIpTarget(addresses.back()) && !HasScheme(address)) {
      absl::StrAppend(&addresses.back(), ",", address);
      continue;
    }
    addresses.emplace_back(address);
  }
  for (auto it = addresses.begin(); it != addresses.end(); ++it) {
    if (std::find(addresses.begin(), it, *it) != it) {
      return absl::InvalidArgumentError(absl::StrCat("the address ", *it, " is there twice"));
    }
  }
  return addresses;
}

}  // namespace assay::client
