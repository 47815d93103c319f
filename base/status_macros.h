// base/status_macros.h
// Early return on error, for functions that return absl::Status or absl::StatusOr.
#ifndef ASSAY_BASE_STATUS_MACROS_H_
#define ASSAY_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// ASSAY_RETURN_IF_ERROR(status_expression);
#define ASSAY_RETURN_IF_ERROR(expr)                               \
  do {                                                            \
    if (absl::Status assay_status_ = (expr); !assay_status_.ok()) \
      return assay_status_;                                       \
  } while (false)

// ASSAY_ASSIGN_OR_RETURN(auto value, status_or_expression);
#define ASSAY_ASSIGN_OR_RETURN(lhs, expr) \
  ASSAY_ASSIGN_OR_RETURN_IMPL_(ASSAY_CONCAT_(assay_status_or_, __LINE__), lhs, expr)

#define ASSAY_ASSIGN_OR_RETURN_IMPL_(result, lhs, expr) \
  auto result = (expr);                                 \
  if (!result.ok()) return std::move(result).status();  \
  lhs = *std::move(result)  // NOLINT(bugprone-macro-parentheses): a declaration

#define ASSAY_CONCAT_(a, b) ASSAY_CONCAT_IMPL_(a, b)
#define ASSAY_CONCAT_IMPL_(a, b) a##b

#endif  // ASSAY_BASE_STATUS_MACROS_H_
