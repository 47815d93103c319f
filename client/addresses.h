// client/addresses.h
// The servers that a text such as --address names. Pure functions.
#ifndef ASSAY_CLIENT_ADDRESSES_H_
#define ASSAY_CLIENT_ADDRESSES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace assay::client {

// The addresses in `text`, parted by commas, in their order: each "HOST:PORT" or any gRPC target. In
// a target of the scheme ipv4 or ipv6 commas belong to the target, up to the next part that has a
// scheme of its own.
//   INVALID_ARGUMENT  an address is empty, or there twice.
absl::StatusOr<std::vector<std::string>> SplitAddresses(absl::string_view text);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_ADDRESSES_H_
