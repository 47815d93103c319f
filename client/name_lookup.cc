#include "client/name_lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace assay::client {
namespace {

constexpr absl::string_view kScheme = "dns:///";

// The resolver's patience belongs to the thread. Its own is 5 s a server and try, which would keep
// whoever waits for this thread; /etc/resolv.conf is read anew.
void LimitPatience() {
  res_init();
  _res.retrans = 1;
  _res.retry = 2;
}

std::string AddressOf(const addrinfo& entry) {
  char text[INET6_ADDRSTRLEN] = "";
  if (entry.ai_family == AF_INET) {
    const auto* address = reinterpret_cast<const sockaddr_in*>(entry.ai_addr);
    inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text));
    return absl::StrCat(text, ":", ntohs(address->sin_port));
  }
  const auto* address = reinterpret_cast<const sockaddr_in6*>(entry.ai_addr);
  inet_ntop(AF_INET6, &address->sin6_addr, text, sizeof(text));
  return absl::StrCat("[", text, "]:", ntohs(address->sin6_port));
}

}  // namespace

bool IsNameOfServers(absl::string_view address) { return absl::StartsWith(address, kScheme); }

std::string ServerName::authority() const {
  const bool is_ipv6 = absl::StrContains(host, ':');
  return absl::StrCat(is_ipv6 ? "[" : "", host, is_ipv6 ? "]:" : ":", port);
}

absl::StatusOr<ServerName> SplitServerName(const std::string& address) {
  absl::string_view rest = absl::StripPrefix(address, kScheme);
  const size_t colon = rest.rfind(':');
  ServerName name;
  if (colon != rest.npos) {
    name.port = std::string(rest.substr(colon + 1));
    rest = rest.substr(0, colon);
    if (absl::ConsumePrefix(&rest, "[") && !absl::ConsumeSuffix(&rest, "]")) rest = "";
    name.host = std::string(rest);
  }
  int port = 0;
  const bool is_number = name.port.find_first_not_of("0123456789") == std::string::npos;
  if (name.host.empty() || name.host.find_first_of("/[]") != std::string::npos || !is_number ||
      !absl::SimpleAtoi(name.port, &port) || port < 1 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("the address ", address, " is not dns:///NAME:PORT"));
  }
  return name;
}

absl::StatusOr<std::vector<std::string>> LookUpName(const ServerName& name) {
  LimitPatience();
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(name.host.c_str(), name.port.c_str(), &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(
        absl::StrCat("no address was found for ", name.host, ": ", gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  bool has_ipv4 = false;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    has_ipv4 = has_ipv4 || entry->ai_family == AF_INET;
  }
  std::vector<std::string> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == (has_ipv4 ? AF_INET : AF_INET6)) addresses.push_back(AddressOf(*entry));
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

}  // namespace assay::client
