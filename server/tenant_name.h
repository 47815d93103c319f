// server/tenant_name.h
// What a tenant may be called, wherever the name comes from: a file of tokens or a call's metadata.
#ifndef ASSAY_SERVER_TENANT_NAME_H_
#define ASSAY_SERVER_TENANT_NAME_H_

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace assay {

// 1..64 of [A-Za-z0-9._-], so that a name can stand on a log line and be a metric's label as it is.
inline bool IsTenantName(absl::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace assay

#endif  // ASSAY_SERVER_TENANT_NAME_H_
