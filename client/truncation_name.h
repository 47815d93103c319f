// client/truncation_name.h
// The one table of the names that flags, runs and checkpoints have for Truncation. Pure.
#ifndef ASSAY_CLIENT_TRUNCATION_NAME_H_
#define ASSAY_CLIENT_TRUNCATION_NAME_H_

#include <map>
#include <string>

#include "client/types.h"

namespace assay::client {

// "refuse", "keep-end", "keep-start", and what they mean; all of Truncation's values.
inline const std::map<std::string, Truncation>& TruncationsByName() {
  static const auto* const names =
      new std::map<std::string, Truncation>{{"refuse", Truncation::kRefuse},
                                            {"keep-end", Truncation::kKeepEnd},
                                            {"keep-start", Truncation::kKeepStart}};
  return *names;
}

inline std::string TruncationName(Truncation truncation) {
  for (const auto& [name, meaning] : TruncationsByName()) {
    if (meaning == truncation) return name;
  }
  return "";
}

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TRUNCATION_NAME_H_
