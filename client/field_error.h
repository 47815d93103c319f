// client/field_error.h
// How every reader of a JSON row says which field is wrong. Pure.
#ifndef ASSAY_CLIENT_FIELD_ERROR_H_
#define ASSAY_CLIENT_FIELD_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace assay::client {

// INVALID_ARGUMENT: field "FIELD" WHAT. `what` holds no text of the row.
inline absl::Status FieldError(absl::string_view field, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("field \"", field, "\" ", what));
}

}  // namespace assay::client

#endif  // ASSAY_CLIENT_FIELD_ERROR_H_
