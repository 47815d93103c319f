// client/row_error.h
// Whose fault it is that a row has no score: its own, or the server's. A pure function.
#ifndef ASSAY_CLIENT_ROW_ERROR_H_
#define ASSAY_CLIENT_ROW_ERROR_H_

#include "absl/status/status.h"

namespace assay::client {

// True for an error that the row itself is the cause of: no other call would score it. False for OK.
inline bool IsTheRowsOwn(const absl::Status& error) {
  return absl::IsInvalidArgument(error) || absl::IsResourceExhausted(error) ||
         absl::IsInternal(error) || absl::IsOutOfRange(error);
}

}  // namespace assay::client

#endif  // ASSAY_CLIENT_ROW_ERROR_H_
